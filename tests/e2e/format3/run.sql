PRAGMA user_version = 3;
BEGIN TRANSACTION;
CREATE TABLE calls (                       -- what engines and providers were called for; usage sums over it
    id INTEGER PRIMARY KEY,
    track TEXT NOT NULL,
    iteration INTEGER NOT NULL,
    step TEXT NOT NULL,
    backend TEXT NOT NULL,
    requests INTEGER NOT NULL,
    prompt_tokens INTEGER NOT NULL,
    completion_tokens INTEGER NOT NULL,
    cost REAL NOT NULL,
    provider_id TEXT NOT NULL,
    seconds REAL NOT NULL
) STRICT;
INSERT INTO "calls" VALUES(1,'main',0,'teach:cot','scripted',6,48,120,0.0,'',0.0);
INSERT INTO "calls" VALUES(2,'main',0,'teach:l2m','scripted',6,48,120,0.0,'',0.0);
INSERT INTO "calls" VALUES(3,'main',0,'teach:pot','scripted',6,48,120,0.0,'',0.0);
INSERT INTO "calls" VALUES(4,'main',0,'free:dev','scripted',4,32,80,0.0,'',0.0);
INSERT INTO "calls" VALUES(5,'main',0,'forced:dev','scripted',12,96,240,0.0,'',0.0);
INSERT INTO "calls" VALUES(6,'main',0,'free:additions','scripted',3,24,60,0.0,'',0.0);
INSERT INTO "calls" VALUES(7,'main',1,'sample','scripted',36,288,720,0.0,'',0.0);
INSERT INTO "calls" VALUES(8,'main',1,'free:dev','scripted',4,32,80,0.0,'',0.0);
INSERT INTO "calls" VALUES(9,'main',1,'forced:dev','scripted',12,96,240,0.0,'',0.0);
INSERT INTO "calls" VALUES(10,'main',1,'free:additions','scripted',3,24,60,0.0,'',0.0);
INSERT INTO "calls" VALUES(11,'equal-steps',1,'free:dev','scripted',4,32,80,0.0,'',0.0);
INSERT INTO "calls" VALUES(12,'equal-steps',1,'free:additions','scripted',3,24,60,0.0,'',0.0);
CREATE TABLE evaluations (                 -- one row per student, set and mode
    id INTEGER PRIMARY KEY,
    track TEXT NOT NULL,
    iteration INTEGER NOT NULL,
    dataset TEXT NOT NULL,
    split TEXT NOT NULL,
    mode TEXT NOT NULL,                    -- 'free', 'any', 'forced:' and a strategy, ...
    n INTEGER NOT NULL,
    correct INTEGER NOT NULL,
    unverified INTEGER NOT NULL,
    choice TEXT NOT NULL,                  -- JSON {strategy or "none": share}; free only
    UNIQUE (track, iteration, dataset, split, mode)
) STRICT;
INSERT INTO "evaluations" VALUES(1,'main',0,'additions','dev','free',4,2,0,'{"cot": 0.5, "l2m": 0.25, "none": 0.0, "pot": 0.25}');
INSERT INTO "evaluations" VALUES(2,'main',0,'additions','dev','forced:cot',4,2,0,'{}');
INSERT INTO "evaluations" VALUES(3,'main',0,'additions','dev','forced:l2m',4,4,0,'{}');
INSERT INTO "evaluations" VALUES(4,'main',0,'additions','dev','forced:pot',4,2,0,'{}');
INSERT INTO "evaluations" VALUES(5,'main',0,'additions','dev','any',4,4,0,'{}');
INSERT INTO "evaluations" VALUES(6,'main',0,'additions','test','free',3,2,0,'{"cot": 0.3333333333333333, "l2m": 0.0, "none": 0.0, "pot": 0.6666666666666666}');
INSERT INTO "evaluations" VALUES(7,'main',1,'additions','dev','free',4,1,0,'{"cot": 0.5, "l2m": 0.5, "none": 0.0, "pot": 0.0}');
INSERT INTO "evaluations" VALUES(8,'main',1,'additions','dev','forced:cot',4,2,0,'{}');
INSERT INTO "evaluations" VALUES(9,'main',1,'additions','dev','forced:l2m',4,2,0,'{}');
INSERT INTO "evaluations" VALUES(10,'main',1,'additions','dev','forced:pot',4,1,0,'{}');
INSERT INTO "evaluations" VALUES(11,'main',1,'additions','dev','any',4,3,0,'{}');
INSERT INTO "evaluations" VALUES(12,'main',1,'additions','test','free',3,2,0,'{"cot": 0.6666666666666666, "l2m": 0.3333333333333333, "none": 0.0, "pot": 0.0}');
INSERT INTO "evaluations" VALUES(13,'equal-steps',1,'additions','dev','free',4,3,0,'{"cot": 0.25, "l2m": 0.25, "none": 0.0, "pot": 0.5}');
INSERT INTO "evaluations" VALUES(14,'equal-steps',1,'additions','test','free',3,1,0,'{"cot": 0.6666666666666666, "l2m": 0.3333333333333333, "none": 0.0, "pot": 0.0}');
CREATE TABLE events (                      -- what a person wants to know afterwards; decides nothing
    id INTEGER PRIMARY KEY,
    time REAL NOT NULL,
    kind TEXT NOT NULL,
    data TEXT NOT NULL
) STRICT;
INSERT INTO "events" VALUES(1,1.79554523379255747796e+09,'iterations','{"iterations": 1}');
INSERT INTO "events" VALUES(2,1.79554523383290314669e+09,'note','{"text": "4 of 4 problems of dev overlap with training (0 the same text); --decontaminate leaves their twins out of training"}');
INSERT INTO "events" VALUES(3,1.7955452338329589367e+09,'note','{"text": "3 of 3 problems of additions overlap with training (0 the same text); --decontaminate leaves their twins out of training"}');
CREATE TABLE facts (                       -- what is fixed for the whole run
    key TEXT PRIMARY KEY,
    value TEXT NOT NULL                    -- JSON
) STRICT;
INSERT INTO "facts" VALUES('config','{"backend": {"name": "scripted", "python": null}, "controls": ["equal-steps"], "dataset": {"dev": 4, "limit": null, "name": "additions", "test": 3, "train": 6}, "decontaminate": false, "drop_flagged": false, "evaluate": {"forced": true, "limit": null, "max_new_tokens": 512, "tests": null, "when": "every"}, "labels": null, "sample": {"k": 2, "max_new_tokens": 512, "temperature": 0.7, "top_p": 0.95}, "sandbox": {"name": "auto"}, "schedule": {"name": "adaptive"}, "seed": 3, "stopping": {"name": "fixed"}, "strategies": ["cot", "l2m", "pot"], "student": {"model": "scripted", "prompt_format": "auto", "revision": null, "weights": null}, "teacher": {"max_new_tokens": 512, "model": "", "name": "scripted", "python": null, "samples": 1, "seed": 0, "skill": 0.8, "temperature": 0.7, "top_p": 0.95}, "trainer": {"epochs": 1.0, "epochs_after": null, "name": "instant", "python": null, "start": "previous"}, "verifier": {"name": "numeric"}}');
INSERT INTO "facts" VALUES('overlap','[{"any": 4, "numbers_masked": 4, "problems": 4, "same_text": 0, "set": "dev", "story_masked": 4, "thirteen_words": 0}, {"any": 3, "numbers_masked": 3, "problems": 3, "same_text": 0, "set": "additions", "story_masked": 3, "thirteen_words": 0}]');
CREATE TABLE mixture_rows (
    mixture INTEGER NOT NULL REFERENCES mixtures (id),
    position INTEGER NOT NULL,
    rationale INTEGER NOT NULL REFERENCES rationales (id),
    weight REAL NOT NULL,                  -- what it counts in the loss and in the shares of its mixture
    reason TEXT NOT NULL,
    PRIMARY KEY (mixture, position)
) STRICT, WITHOUT ROWID;
INSERT INTO "mixture_rows" VALUES(1,0,16,1.0,'teacher: iteration 0');
INSERT INTO "mixture_rows" VALUES(1,1,6,1.0,'teacher: iteration 0');
INSERT INTO "mixture_rows" VALUES(1,2,11,1.0,'teacher: iteration 0');
INSERT INTO "mixture_rows" VALUES(1,3,1,1.0,'teacher: iteration 0');
INSERT INTO "mixture_rows" VALUES(1,4,14,1.0,'teacher: iteration 0');
INSERT INTO "mixture_rows" VALUES(1,5,7,1.0,'teacher: iteration 0');
INSERT INTO "mixture_rows" VALUES(1,6,12,1.0,'teacher: iteration 0');
INSERT INTO "mixture_rows" VALUES(1,7,8,1.0,'teacher: iteration 0');
INSERT INTO "mixture_rows" VALUES(1,8,10,1.0,'teacher: iteration 0');
INSERT INTO "mixture_rows" VALUES(1,9,17,1.0,'teacher: iteration 0');
INSERT INTO "mixture_rows" VALUES(1,10,5,1.0,'teacher: iteration 0');
INSERT INTO "mixture_rows" VALUES(1,11,2,1.0,'teacher: iteration 0');
INSERT INTO "mixture_rows" VALUES(1,12,15,1.0,'teacher: iteration 0');
INSERT INTO "mixture_rows" VALUES(1,13,13,1.0,'teacher: iteration 0');
INSERT INTO "mixture_rows" VALUES(1,14,3,1.0,'teacher: iteration 0');
INSERT INTO "mixture_rows" VALUES(1,15,9,1.0,'teacher: iteration 0');
INSERT INTO "mixture_rows" VALUES(1,16,4,1.0,'teacher: iteration 0');
INSERT INTO "mixture_rows" VALUES(2,0,44,1.0,'student: correct');
INSERT INTO "mixture_rows" VALUES(2,1,15,1.0,'teacher: the student solved none of 2');
INSERT INTO "mixture_rows" VALUES(2,2,47,1.0,'student: correct');
INSERT INTO "mixture_rows" VALUES(2,3,64,1.0,'student: correct');
INSERT INTO "mixture_rows" VALUES(2,4,69,1.0,'student: correct');
INSERT INTO "mixture_rows" VALUES(2,5,52,1.0,'student: correct');
INSERT INTO "mixture_rows" VALUES(2,6,60,1.0,'student: correct');
INSERT INTO "mixture_rows" VALUES(2,7,62,1.0,'student: correct');
INSERT INTO "mixture_rows" VALUES(2,8,72,1.0,'student: correct');
INSERT INTO "mixture_rows" VALUES(2,9,57,1.0,'student: correct');
INSERT INTO "mixture_rows" VALUES(2,10,41,1.0,'student: correct');
INSERT INTO "mixture_rows" VALUES(2,11,42,1.0,'student: correct');
INSERT INTO "mixture_rows" VALUES(2,12,50,1.0,'student: correct');
INSERT INTO "mixture_rows" VALUES(2,13,17,1.0,'teacher: the student solved none of 2');
INSERT INTO "mixture_rows" VALUES(2,14,10,1.0,'teacher: the student solved none of 2');
INSERT INTO "mixture_rows" VALUES(2,15,48,1.0,'student: correct');
INSERT INTO "mixture_rows" VALUES(2,16,71,1.0,'student: correct');
INSERT INTO "mixture_rows" VALUES(2,17,1,1.0,'teacher: the student solved none of 2');
INSERT INTO "mixture_rows" VALUES(3,0,2,1.0,'teacher: iteration 0');
INSERT INTO "mixture_rows" VALUES(3,1,15,1.0,'teacher: iteration 0');
INSERT INTO "mixture_rows" VALUES(3,2,8,1.0,'teacher: iteration 0');
INSERT INTO "mixture_rows" VALUES(3,3,11,1.0,'teacher: iteration 0');
INSERT INTO "mixture_rows" VALUES(3,4,6,1.0,'teacher: iteration 0');
INSERT INTO "mixture_rows" VALUES(3,5,9,1.0,'teacher: iteration 0');
INSERT INTO "mixture_rows" VALUES(3,6,16,1.0,'teacher: iteration 0');
INSERT INTO "mixture_rows" VALUES(3,7,5,1.0,'teacher: iteration 0');
INSERT INTO "mixture_rows" VALUES(3,8,12,1.0,'teacher: iteration 0');
INSERT INTO "mixture_rows" VALUES(3,9,4,1.0,'teacher: iteration 0');
INSERT INTO "mixture_rows" VALUES(3,10,7,1.0,'teacher: iteration 0');
INSERT INTO "mixture_rows" VALUES(3,11,13,1.0,'teacher: iteration 0');
INSERT INTO "mixture_rows" VALUES(3,12,3,1.0,'teacher: iteration 0');
INSERT INTO "mixture_rows" VALUES(3,13,17,1.0,'teacher: iteration 0');
INSERT INTO "mixture_rows" VALUES(3,14,10,1.0,'teacher: iteration 0');
INSERT INTO "mixture_rows" VALUES(3,15,14,1.0,'teacher: iteration 0');
INSERT INTO "mixture_rows" VALUES(3,16,1,1.0,'teacher: iteration 0');
CREATE TABLE mixtures (
    id INTEGER PRIMARY KEY,
    track TEXT NOT NULL,
    iteration INTEGER NOT NULL,
    schedule TEXT NOT NULL,
    options TEXT NOT NULL,
    rows INTEGER NOT NULL,
    alpha REAL NOT NULL,                   -- teacher's share of rows, each by its weight
    tokens INTEGER NOT NULL,               -- loss tokens of all rows, whatever their weights
    alpha_tokens REAL NOT NULL,            -- teacher's share of loss tokens
    shares TEXT NOT NULL,                  -- JSON {strategy: share of rows}
    sources TEXT NOT NULL,                 -- JSON {source: {strategy: rows}}
    kl REAL,                               -- KL(shares || student's choice on dev), nats
    entropy REAL NOT NULL,                 -- of the tag given the problem, nats, mean over problems
    aims TEXT NOT NULL,                    -- JSON [{quantity, asked, reached, why}]
    dropped TEXT NOT NULL,                 -- JSON {reason: rationales}
    UNIQUE (track, iteration)
) STRICT;
INSERT INTO "mixtures" VALUES(1,'main',0,'adaptive','{}',17,1.0,191,1.0,'{"cot": 0.35294117647058826, "l2m": 0.35294117647058826, "pot": 0.29411764705882354}','{"student": {"cot": 0, "l2m": 0, "pot": 0}, "teacher": {"cot": 6, "l2m": 6, "pot": 5}}',NULL,1.03103477065008219959e+00,'[]','{}');
INSERT INTO "mixtures" VALUES(2,'main',1,'adaptive','{}',18,2.22222222222222209886e-01,197,1.92893401015228421746e-01,'{"cot": 0.3333333333333333, "l2m": 0.3333333333333333, "pot": 0.3333333333333333}','{"student": {"cot": 5, "l2m": 5, "pot": 4}, "teacher": {"cot": 1, "l2m": 1, "pot": 2}}',4.84129690766927911482e-02,1.09861228866810933801e+00,'[]','{"duplicate": 4, "schedule": 13}');
INSERT INTO "mixtures" VALUES(3,'equal-steps',1,'adaptive','{}',17,1.0,191,1.0,'{"cot": 0.35294117647058826, "l2m": 0.35294117647058826, "pot": 0.29411764705882354}','{"student": {"cot": 0, "l2m": 0, "pot": 0}, "teacher": {"cot": 6, "l2m": 6, "pot": 5}}',NULL,1.03103477065008219959e+00,'[]','{}');
CREATE TABLE problems (
    id INTEGER PRIMARY KEY,
    dataset TEXT NOT NULL,
    split TEXT NOT NULL CHECK (split IN ('train', 'dev', 'test')),
    name TEXT NOT NULL,                    -- the data set's own id
    question TEXT NOT NULL,
    gold TEXT,
    family TEXT NOT NULL,
    body_seen INTEGER NOT NULL,            -- its number-masked question occurs in training
    UNIQUE (dataset, split, name)
) STRICT;
INSERT INTO "problems" VALUES(1,'additions','train','train-0','What is 63 + 11?','74','',1);
INSERT INTO "problems" VALUES(2,'additions','train','train-1','What is 68 + 90?','158','',1);
INSERT INTO "problems" VALUES(3,'additions','train','train-2','What is 6 + 63?','69','',1);
INSERT INTO "problems" VALUES(4,'additions','train','train-3','What is 42 + 42?','84','',1);
INSERT INTO "problems" VALUES(5,'additions','train','train-4','What is 83 + 76?','159','',1);
INSERT INTO "problems" VALUES(6,'additions','train','train-5','What is 79 + 61?','140','',1);
INSERT INTO "problems" VALUES(7,'additions','dev','dev-0','What is 66 + 34?','100','',1);
INSERT INTO "problems" VALUES(8,'additions','dev','dev-1','What is 49 + 69?','118','',1);
INSERT INTO "problems" VALUES(9,'additions','dev','dev-2','What is 78 + 8?','86','',1);
INSERT INTO "problems" VALUES(10,'additions','dev','dev-3','What is 58 + 66?','124','',1);
INSERT INTO "problems" VALUES(11,'additions','test','test-0','What is 15 + 53?','68','',1);
INSERT INTO "problems" VALUES(12,'additions','test','test-1','What is 41 + 4?','45','',1);
INSERT INTO "problems" VALUES(13,'additions','test','test-2','What is 87 + 25?','112','',1);
CREATE TABLE rationales (                  -- how a request ended; a failed one may be asked again
    id INTEGER PRIMARY KEY,
    request INTEGER NOT NULL REFERENCES requests (id),
    attempt INTEGER NOT NULL,
    outcome TEXT NOT NULL CHECK (outcome IN ('ok', 'cut', 'refused', 'failed')),
    reason TEXT NOT NULL,
    strategy TEXT NOT NULL,                -- as asked, or as the student chose; '' for no tag
    text TEXT NOT NULL,                    -- as generated; a free choice starts with its tag
    prompt_tokens INTEGER NOT NULL,
    completion_tokens INTEGER NOT NULL,
    UNIQUE (request, attempt)
) STRICT;
INSERT INTO "rationales" VALUES(1,1,1,'ok','','cot','63 and 11 make 74.
Final Answer: 74',8,8);
INSERT INTO "rationales" VALUES(2,2,1,'ok','','cot','68 and 90 make 158.
Final Answer: 158',8,9);
INSERT INTO "rationales" VALUES(3,3,1,'ok','','cot','6 and 63 make 69.
Final Answer: 69',8,8);
INSERT INTO "rationales" VALUES(4,4,1,'ok','','cot','42 and 42 make 84.
Final Answer: 84',8,8);
INSERT INTO "rationales" VALUES(5,5,1,'ok','','cot','83 and 76 make 159.
Final Answer: 159',8,9);
INSERT INTO "rationales" VALUES(6,6,1,'ok','','cot','79 and 61 make 140.
Final Answer: 140',8,9);
INSERT INTO "rationales" VALUES(7,7,1,'ok','','l2m','Sub-question 1: What is 63 plus 11?
Answer to Sub-question 1: 74
Final Answer: 74',8,20);
INSERT INTO "rationales" VALUES(8,8,1,'ok','','l2m','Sub-question 1: What is 68 plus 90?
Answer to Sub-question 1: 158
Final Answer: 158',8,20);
INSERT INTO "rationales" VALUES(9,9,1,'ok','','l2m','Sub-question 1: What is 6 plus 63?
Answer to Sub-question 1: 69
Final Answer: 69',8,20);
INSERT INTO "rationales" VALUES(10,10,1,'ok','','l2m','Sub-question 1: What is 42 plus 42?
Answer to Sub-question 1: 84
Final Answer: 84',8,20);
INSERT INTO "rationales" VALUES(11,11,1,'ok','','l2m','Sub-question 1: What is 83 plus 76?
Answer to Sub-question 1: 159
Final Answer: 159',8,20);
INSERT INTO "rationales" VALUES(12,12,1,'ok','','l2m','Sub-question 1: What is 79 plus 61?
Answer to Sub-question 1: 140
Final Answer: 140',8,20);
INSERT INTO "rationales" VALUES(13,13,1,'ok','','pot','answer = 74 + 0
',8,4);
INSERT INTO "rationales" VALUES(14,14,1,'ok','','pot','answer = 158 + 0
',8,4);
INSERT INTO "rationales" VALUES(15,15,1,'ok','','pot','answer = 69 + 0
',8,4);
INSERT INTO "rationales" VALUES(16,16,1,'ok','','pot','answer = 84 + 0
',8,4);
INSERT INTO "rationales" VALUES(17,17,1,'ok','','pot','answer = 159 + 0
',8,4);
INSERT INTO "rationales" VALUES(18,18,1,'ok','','pot','answer = 141 + 0
',8,4);
INSERT INTO "rationales" VALUES(19,19,1,'ok','','cot','[cot]
66 and 34 make 100.
Final Answer: 100',8,10);
INSERT INTO "rationales" VALUES(20,20,1,'ok','','cot','[cot]
49 and 69 make 119.
Final Answer: 119',8,10);
INSERT INTO "rationales" VALUES(21,21,1,'ok','','l2m','[l2m]
Sub-question 1: What is 78 plus 8?
Answer to Sub-question 1: 86
Final Answer: 86',8,21);
INSERT INTO "rationales" VALUES(22,22,1,'ok','','pot','[pot]
answer = 125 + 0
',8,5);
INSERT INTO "rationales" VALUES(23,23,1,'ok','','cot','66 and 34 make 101.
Final Answer: 101',8,9);
INSERT INTO "rationales" VALUES(24,24,1,'ok','','l2m','Sub-question 1: What is 66 plus 34?
Answer to Sub-question 1: 100
Final Answer: 100',8,20);
INSERT INTO "rationales" VALUES(25,25,1,'ok','','pot','answer = 101 + 0
',8,4);
INSERT INTO "rationales" VALUES(26,26,1,'ok','','cot','49 and 69 make 119.
Final Answer: 119',8,9);
INSERT INTO "rationales" VALUES(27,27,1,'ok','','l2m','Sub-question 1: What is 49 plus 69?
Answer to Sub-question 1: 118
Final Answer: 118',8,20);
INSERT INTO "rationales" VALUES(28,28,1,'ok','','pot','answer = 118 + 0
',8,4);
INSERT INTO "rationales" VALUES(29,29,1,'ok','','cot','78 and 8 make 86.
Final Answer: 86',8,8);
INSERT INTO "rationales" VALUES(30,30,1,'ok','','l2m','Sub-question 1: What is 78 plus 8?
Answer to Sub-question 1: 86
Final Answer: 86',8,20);
INSERT INTO "rationales" VALUES(31,31,1,'ok','','pot','answer = 87 + 0
',8,4);
INSERT INTO "rationales" VALUES(32,32,1,'ok','','cot','58 and 66 make 124.
Final Answer: 124',8,9);
INSERT INTO "rationales" VALUES(33,33,1,'ok','','l2m','Sub-question 1: What is 58 plus 66?
Answer to Sub-question 1: 124
Final Answer: 124',8,20);
INSERT INTO "rationales" VALUES(34,34,1,'ok','','pot','answer = 124 + 0
',8,4);
INSERT INTO "rationales" VALUES(35,35,1,'ok','','pot','[pot]
answer = 68 + 0
',8,5);
INSERT INTO "rationales" VALUES(36,36,1,'ok','','pot','[pot]
answer = 45 + 0
',8,5);
INSERT INTO "rationales" VALUES(37,37,1,'ok','','cot','[cot]
87 and 25 make 113.
Final Answer: 113',8,10);
INSERT INTO "rationales" VALUES(38,38,1,'ok','','cot','63 and 11 make 75.
Final Answer: 75',8,8);
INSERT INTO "rationales" VALUES(39,39,1,'ok','','cot','63 and 11 make 75.
Final Answer: 75',8,8);
INSERT INTO "rationales" VALUES(40,40,1,'ok','','l2m','Sub-question 1: What is 63 plus 11?
Answer to Sub-question 1: 75
Final Answer: 75',8,20);
INSERT INTO "rationales" VALUES(41,41,1,'ok','','l2m','Sub-question 1: What is 63 plus 11?
Answer to Sub-question 1: 74
Final Answer: 74',8,20);
INSERT INTO "rationales" VALUES(42,42,1,'ok','','pot','answer = 74 + 0
',8,4);
INSERT INTO "rationales" VALUES(43,43,1,'ok','','pot','answer = 74 + 0
',8,4);
INSERT INTO "rationales" VALUES(44,44,1,'ok','','cot','68 and 90 make 158.
Final Answer: 158',8,9);
INSERT INTO "rationales" VALUES(45,45,1,'ok','','cot','68 and 90 make 159.
Final Answer: 159',8,9);
INSERT INTO "rationales" VALUES(46,46,1,'ok','','l2m','Sub-question 1: What is 68 plus 90?
Answer to Sub-question 1: 159
Final Answer: 159',8,20);
INSERT INTO "rationales" VALUES(47,47,1,'ok','','l2m','Sub-question 1: What is 68 plus 90?
Answer to Sub-question 1: 158
Final Answer: 158',8,20);
INSERT INTO "rationales" VALUES(48,48,1,'ok','','pot','answer = 158 + 0
',8,4);
INSERT INTO "rationales" VALUES(49,49,1,'ok','','pot','answer = 159 + 0
',8,4);
INSERT INTO "rationales" VALUES(50,50,1,'ok','','cot','6 and 63 make 69.
Final Answer: 69',8,8);
INSERT INTO "rationales" VALUES(51,51,1,'ok','','cot','6 and 63 make 69.
Final Answer: 69',8,8);
INSERT INTO "rationales" VALUES(52,52,1,'ok','','l2m','Sub-question 1: What is 6 plus 63?
Answer to Sub-question 1: 69
Final Answer: 69',8,20);
INSERT INTO "rationales" VALUES(53,53,1,'ok','','l2m','Sub-question 1: What is 6 plus 63?
Answer to Sub-question 1: 69
Final Answer: 69',8,20);
INSERT INTO "rationales" VALUES(54,54,1,'ok','','pot','answer = 70 + 0
',8,4);
INSERT INTO "rationales" VALUES(55,55,1,'ok','','pot','answer = 70 + 0
',8,4);
INSERT INTO "rationales" VALUES(56,56,1,'ok','','cot','42 and 42 make 85.
Final Answer: 85',8,8);
INSERT INTO "rationales" VALUES(57,57,1,'ok','','cot','42 and 42 make 84.
Final Answer: 84',8,8);
INSERT INTO "rationales" VALUES(58,58,1,'ok','','l2m','Sub-question 1: What is 42 plus 42?
Answer to Sub-question 1: 85
Final Answer: 85',8,20);
INSERT INTO "rationales" VALUES(59,59,1,'ok','','l2m','Sub-question 1: What is 42 plus 42?
Answer to Sub-question 1: 85
Final Answer: 85',8,20);
INSERT INTO "rationales" VALUES(60,60,1,'ok','','pot','answer = 84 + 0
',8,4);
INSERT INTO "rationales" VALUES(61,61,1,'ok','','pot','answer = 85 + 0
',8,4);
INSERT INTO "rationales" VALUES(62,62,1,'ok','','cot','83 and 76 make 159.
Final Answer: 159',8,9);
INSERT INTO "rationales" VALUES(63,63,1,'ok','','cot','83 and 76 make 160.
Final Answer: 160',8,9);
INSERT INTO "rationales" VALUES(64,64,1,'ok','','l2m','Sub-question 1: What is 83 plus 76?
Answer to Sub-question 1: 159
Final Answer: 159',8,20);
INSERT INTO "rationales" VALUES(65,65,1,'ok','','l2m','Sub-question 1: What is 83 plus 76?
Answer to Sub-question 1: 159
Final Answer: 159',8,20);
INSERT INTO "rationales" VALUES(66,66,1,'ok','','pot','answer = 160 + 0
',8,4);
INSERT INTO "rationales" VALUES(67,67,1,'ok','','pot','answer = 160 + 0
',8,4);
INSERT INTO "rationales" VALUES(68,68,1,'ok','','cot','79 and 61 make 141.
Final Answer: 141',8,9);
INSERT INTO "rationales" VALUES(69,69,1,'ok','','cot','79 and 61 make 140.
Final Answer: 140',8,9);
INSERT INTO "rationales" VALUES(70,70,1,'ok','','l2m','Sub-question 1: What is 79 plus 61?
Answer to Sub-question 1: 141
Final Answer: 141',8,20);
INSERT INTO "rationales" VALUES(71,71,1,'ok','','l2m','Sub-question 1: What is 79 plus 61?
Answer to Sub-question 1: 140
Final Answer: 140',8,20);
INSERT INTO "rationales" VALUES(72,72,1,'ok','','pot','answer = 140 + 0
',8,4);
INSERT INTO "rationales" VALUES(73,73,1,'ok','','pot','answer = 141 + 0
',8,4);
INSERT INTO "rationales" VALUES(74,74,1,'ok','','l2m','[l2m]
Sub-question 1: What is 66 plus 34?
Answer to Sub-question 1: 100
Final Answer: 100',8,22);
INSERT INTO "rationales" VALUES(75,75,1,'ok','','cot','[cot]
49 and 69 make 119.
Final Answer: 119',8,10);
INSERT INTO "rationales" VALUES(76,76,1,'ok','','l2m','[l2m]
Sub-question 1: What is 78 plus 8?
Answer to Sub-question 1: 87
Final Answer: 87',8,21);
INSERT INTO "rationales" VALUES(77,77,1,'ok','','cot','[cot]
58 and 66 make 125.
Final Answer: 125',8,10);
INSERT INTO "rationales" VALUES(78,78,1,'ok','','cot','66 and 34 make 100.
Final Answer: 100',8,9);
INSERT INTO "rationales" VALUES(79,79,1,'ok','','l2m','Sub-question 1: What is 66 plus 34?
Answer to Sub-question 1: 100
Final Answer: 100',8,20);
INSERT INTO "rationales" VALUES(80,80,1,'ok','','pot','answer = 100 + 0
',8,4);
INSERT INTO "rationales" VALUES(81,81,1,'ok','','cot','49 and 69 make 119.
Final Answer: 119',8,9);
INSERT INTO "rationales" VALUES(82,82,1,'ok','','l2m','Sub-question 1: What is 49 plus 69?
Answer to Sub-question 1: 119
Final Answer: 119',8,20);
INSERT INTO "rationales" VALUES(83,83,1,'ok','','pot','answer = 119 + 0
',8,4);
INSERT INTO "rationales" VALUES(84,84,1,'ok','','cot','78 and 8 make 86.
Final Answer: 86',8,8);
INSERT INTO "rationales" VALUES(85,85,1,'ok','','l2m','Sub-question 1: What is 78 plus 8?
Answer to Sub-question 1: 87
Final Answer: 87',8,20);
INSERT INTO "rationales" VALUES(86,86,1,'ok','','pot','answer = 87 + 0
',8,4);
INSERT INTO "rationales" VALUES(87,87,1,'ok','','cot','58 and 66 make 125.
Final Answer: 125',8,9);
INSERT INTO "rationales" VALUES(88,88,1,'ok','','l2m','Sub-question 1: What is 58 plus 66?
Answer to Sub-question 1: 124
Final Answer: 124',8,20);
INSERT INTO "rationales" VALUES(89,89,1,'ok','','pot','answer = 125 + 0
',8,4);
INSERT INTO "rationales" VALUES(90,90,1,'ok','','cot','[cot]
15 and 53 make 68.
Final Answer: 68',8,10);
INSERT INTO "rationales" VALUES(91,91,1,'ok','','cot','[cot]
41 and 4 make 46.
Final Answer: 46',8,10);
INSERT INTO "rationales" VALUES(92,92,1,'ok','','l2m','[l2m]
Sub-question 1: What is 87 plus 25?
Answer to Sub-question 1: 112
Final Answer: 112',8,22);
INSERT INTO "rationales" VALUES(93,93,1,'ok','','l2m','[l2m]
Sub-question 1: What is 66 plus 34?
Answer to Sub-question 1: 101
Final Answer: 101',8,22);
INSERT INTO "rationales" VALUES(94,94,1,'ok','','pot','[pot]
answer = 118 + 0
',8,5);
INSERT INTO "rationales" VALUES(95,95,1,'ok','','cot','[cot]
78 and 8 make 86.
Final Answer: 86',8,10);
INSERT INTO "rationales" VALUES(96,96,1,'ok','','pot','[pot]
answer = 124 + 0
',8,5);
INSERT INTO "rationales" VALUES(97,97,1,'ok','','cot','[cot]
15 and 53 make 68.
Final Answer: 68',8,10);
INSERT INTO "rationales" VALUES(98,98,1,'ok','','cot','[cot]
41 and 4 make 46.
Final Answer: 46',8,10);
INSERT INTO "rationales" VALUES(99,99,1,'ok','','l2m','[l2m]
Sub-question 1: What is 87 plus 25?
Answer to Sub-question 1: 113
Final Answer: 113',8,22);
CREATE TABLE requests (                    -- one sample asked for
    id INTEGER PRIMARY KEY,
    track TEXT NOT NULL,                   -- 'main', or the name of a control
    iteration INTEGER NOT NULL,
    step TEXT NOT NULL,                    -- 'teach:' strategy, 'sample', 'free:' set, 'forced:dev'
    problem INTEGER NOT NULL REFERENCES problems (id),
    strategy TEXT NOT NULL,                -- '' where the student chooses
    sample INTEGER NOT NULL,
    seed INTEGER NOT NULL,
    key TEXT NOT NULL,
    UNIQUE (track, iteration, step, problem, strategy, sample)
) STRICT;
INSERT INTO "requests" VALUES(1,'main',0,'teach:cot',1,'cot',0,1328295177746368733,'138f30072077692f3cbcc694edc59714b70043d12e93d8aad9ee18a970e08a74');
INSERT INTO "requests" VALUES(2,'main',0,'teach:cot',2,'cot',0,2103088729413736596,'79fdfdfb095af8e5cf7c2fc0c6c9378edd81a95fe1ba59730fd28103ca2ec7e0');
INSERT INTO "requests" VALUES(3,'main',0,'teach:cot',3,'cot',0,7733990730790911172,'d74ccec8d8951f9403a16c67e5c8463991d7afc98918e183e28296e570872f5f');
INSERT INTO "requests" VALUES(4,'main',0,'teach:cot',4,'cot',0,8883143883861394486,'673ef2b725dd114ccf1240a1e3cdd6187bc8008f5872aeb10ec61b35b65b591d');
INSERT INTO "requests" VALUES(5,'main',0,'teach:cot',5,'cot',0,8173543062090476936,'bd06dbb3ccfc9bbe0cb8fb61991dcd5c86b8ed5ff7fb7357a828138ea8c25a9d');
INSERT INTO "requests" VALUES(6,'main',0,'teach:cot',6,'cot',0,3347445346127914204,'aa6883b0c1b110a578d73dff2fbbf88ae19b0c2c623f8c7ccf9eec264037b609');
INSERT INTO "requests" VALUES(7,'main',0,'teach:l2m',1,'l2m',0,5726934628723189328,'3d7da8d4053516ede5a6da5a265352fd778907564a4720032fdbecc1261cf1b7');
INSERT INTO "requests" VALUES(8,'main',0,'teach:l2m',2,'l2m',0,8580690646636976676,'cad1076376b117537198d6321938d005e1974e2a300ee3c1e671bc0ec5ddff3d');
INSERT INTO "requests" VALUES(9,'main',0,'teach:l2m',3,'l2m',0,4867806818158637780,'201fe1e0263705547fa0d4d00edd93e5e0dd74349f7204408a33196c7d760164');
INSERT INTO "requests" VALUES(10,'main',0,'teach:l2m',4,'l2m',0,5148781547036607297,'c1fc23ed047365ddd4247e8f84ae6d90a228ebaea760913fec8ef48e72ce3150');
INSERT INTO "requests" VALUES(11,'main',0,'teach:l2m',5,'l2m',0,5965216365205106429,'85355676f996c607587da29bf631fff3bcb7897b557978b5b7bbfa9db968a498');
INSERT INTO "requests" VALUES(12,'main',0,'teach:l2m',6,'l2m',0,8650737860945277088,'73ad4c64aa735780c220cef99613672c0c7e08378d47746d020d987b8893713d');
INSERT INTO "requests" VALUES(13,'main',0,'teach:pot',1,'pot',0,9113960938452010271,'755682aaf4250a1ed0afa782912f6fb5764aaf0029fb4a3dfe711077f915652c');
INSERT INTO "requests" VALUES(14,'main',0,'teach:pot',2,'pot',0,5072394126859155843,'f42a00fd9eafce469c7b12dd0c70e56631863deb17cdad7e6df5949dc87953d6');
INSERT INTO "requests" VALUES(15,'main',0,'teach:pot',3,'pot',0,9194593473468411444,'4162d9f387eb63a36a7e0efbd717bb9349c638917fba819b7158d55c78db7957');
INSERT INTO "requests" VALUES(16,'main',0,'teach:pot',4,'pot',0,6478423364407127874,'ea4501823dc642c93f33cbb5e793980c4d01c20ca21bdda326005ebeb9f23de8');
INSERT INTO "requests" VALUES(17,'main',0,'teach:pot',5,'pot',0,1381268358127875549,'3fff5337e56ff41070d0fbaf972397a51f73fad15d021d63b03c91c8800acd5f');
INSERT INTO "requests" VALUES(18,'main',0,'teach:pot',6,'pot',0,8092603870605045067,'8d1402e07ab64216f0896faee983c354f7daa024e6aab2ed1903d5c54259ae48');
INSERT INTO "requests" VALUES(19,'main',0,'free:dev',7,'',0,5894929977270942421,'bb59f72bf33c985fa376ecad2d5cb8ef1d69a563c948970f32705e9a1a6f676f');
INSERT INTO "requests" VALUES(20,'main',0,'free:dev',8,'',0,8414368392102109890,'d443462064b2880d823df5e4d135203ee623863d16a448d8b225942982613db6');
INSERT INTO "requests" VALUES(21,'main',0,'free:dev',9,'',0,6422439102887780575,'661da1c01cb5886497894ee3e8043a170d06e8fdf2fbe3d51b25f32dd8daa2c8');
INSERT INTO "requests" VALUES(22,'main',0,'free:dev',10,'',0,4595521493570115609,'095c63d358ceda05babb8f8dcde3241e6147db70819915d320d61985e84789ce');
INSERT INTO "requests" VALUES(23,'main',0,'forced:dev',7,'cot',0,9200221747807433639,'d22a9cda177507a31c475278ed626db7622b30a52c245122f77fea492424a79b');
INSERT INTO "requests" VALUES(24,'main',0,'forced:dev',7,'l2m',0,430459467450511520,'963052d294bfa7ef95be59d1795fd85446ba1c5eef6779037d145215d395a15d');
INSERT INTO "requests" VALUES(25,'main',0,'forced:dev',7,'pot',0,3567121392308309190,'d3bdb8bd3ec333de850486a5f311d5caac841174ab4593eb3b546fdffc5e376e');
INSERT INTO "requests" VALUES(26,'main',0,'forced:dev',8,'cot',0,1392193239053542326,'912279976c7089aafa36801d52e255ba51237f80b02d4b5d3d5c1cb257a56513');
INSERT INTO "requests" VALUES(27,'main',0,'forced:dev',8,'l2m',0,2999268554283454042,'460f12631f2895c362d5d69523e7795bbf79f704347422ad3cc42525d8ceedd7');
INSERT INTO "requests" VALUES(28,'main',0,'forced:dev',8,'pot',0,8437992398969404199,'3f8d1af5a8b1ea4136d7d98300ae851640e3cb0433fe757de095e9d2e19e7e96');
INSERT INTO "requests" VALUES(29,'main',0,'forced:dev',9,'cot',0,1679231909886756771,'63bea02cbcad011c728e34ef75fddd136bb79f4cb80ef49cb54ce27efa2920eb');
INSERT INTO "requests" VALUES(30,'main',0,'forced:dev',9,'l2m',0,2526032784988613178,'dee68900d791425dafb3334796ee542b6710e894ecba4244e6b50b386e217d1e');
INSERT INTO "requests" VALUES(31,'main',0,'forced:dev',9,'pot',0,5525945111696505662,'fc68375e75396dda43316ec4cf4c6beff21b9b3a4f6e5328c4dca6ff5bdec783');
INSERT INTO "requests" VALUES(32,'main',0,'forced:dev',10,'cot',0,2356760742910315511,'ffb48db06b289f174291a03a4108912d1679a4e4b4e2d7d38991deb197d48878');
INSERT INTO "requests" VALUES(33,'main',0,'forced:dev',10,'l2m',0,3392140339407102048,'f4578137c60073a804a824390093424f39b558c15406255882bed1926553da65');
INSERT INTO "requests" VALUES(34,'main',0,'forced:dev',10,'pot',0,1062697718614544607,'e5f7e2748a93c9b423c982ac3a165ef50cc7ac0b9deb646ea5df3cc8953f8a24');
INSERT INTO "requests" VALUES(35,'main',0,'free:additions',11,'',0,6134795997384407000,'774310c7720fb932a667139ba1e86d8d732afb51ba7d4efd4e13cf90fc983c44');
INSERT INTO "requests" VALUES(36,'main',0,'free:additions',12,'',0,2431848384305614998,'845cb47170f5ccd190f897d12714c0e4a9753c3c5d136e1430b4044429a60061');
INSERT INTO "requests" VALUES(37,'main',0,'free:additions',13,'',0,2606749814295274170,'23fa209ae14999b1d7629cde79cd7e8e84962ee9586a4e15196fa722a232b853');
INSERT INTO "requests" VALUES(38,'main',1,'sample',1,'cot',0,7241458647383423864,'00cf6ff54f9273a74b46f518379984953c9e45313a8d711bfc3defde62776def');
INSERT INTO "requests" VALUES(39,'main',1,'sample',1,'cot',1,7042182935894393925,'6626b1095927dba4b50086d3910768687b98297e51dc4565187216551e943aa7');
INSERT INTO "requests" VALUES(40,'main',1,'sample',1,'l2m',0,5408650346294342065,'5c2cf9436bcc0f5e07a77ae8fd0cc6c310eb96afcd09f1eaf161e80bc39f412f');
INSERT INTO "requests" VALUES(41,'main',1,'sample',1,'l2m',1,5000689497929273333,'0d07a0d7b12297b6a6fbbde4421742d5bdf5f12640b34b9c472ebd3b48b7feb9');
INSERT INTO "requests" VALUES(42,'main',1,'sample',1,'pot',0,3577730601478216681,'f421432938f625d02d6e5ff9dbaa6f3e8b10d4d02f85325200bd36a6fcb62bb3');
INSERT INTO "requests" VALUES(43,'main',1,'sample',1,'pot',1,4468788336759849379,'ddc919cd9bb7fa40d1414fd4658ccd7ead43e2b8f99918a653677a700aa4e925');
INSERT INTO "requests" VALUES(44,'main',1,'sample',2,'cot',0,3687224497411113816,'5b7afcfb9cf63362a854f46de44342448cb24a7e392aec7e8a7f6c6a6d3e9c31');
INSERT INTO "requests" VALUES(45,'main',1,'sample',2,'cot',1,9044326482145507180,'20e417637a40f18990756f365a7cd7cdb4adf53b8e3471ea87ba707cc3645fa0');
INSERT INTO "requests" VALUES(46,'main',1,'sample',2,'l2m',0,3256846225021903728,'67f03b842a422697f9c2aee6e783839fe44da6d12c84734acd6dfe34b711a605');
INSERT INTO "requests" VALUES(47,'main',1,'sample',2,'l2m',1,7724455087253965796,'2203811a4eaae2e53af5c8df0d613e05fef961f0ef529ab69627994f7603d18d');
INSERT INTO "requests" VALUES(48,'main',1,'sample',2,'pot',0,7109088623295550579,'5f053367520f9a5ecc621788ca8226a91bfbb6ca069c779c38953201d76aba07');
INSERT INTO "requests" VALUES(49,'main',1,'sample',2,'pot',1,5540316823514500025,'0cc52e9750bd166680d41626e6847a29552488a9caa272759633d403199b1daf');
INSERT INTO "requests" VALUES(50,'main',1,'sample',3,'cot',0,2765151643807105564,'55508e4e06b34ec858ff7c2f139111a24aecfa18089ffce89e699181e3ee4863');
INSERT INTO "requests" VALUES(51,'main',1,'sample',3,'cot',1,3665084960509343805,'1160fc75cc0211e64115146e57ab5bf6048e7f520ae62d58ffbf2757e2d588ee');
INSERT INTO "requests" VALUES(52,'main',1,'sample',3,'l2m',0,346422943822096772,'e8f908407a415824fe28430e733da1a65d01cf920528b7e88682ff9370506c2f');
INSERT INTO "requests" VALUES(53,'main',1,'sample',3,'l2m',1,8423633539619180784,'1b9f3bc5e240bbe42ca51baecd288bdbcf33738b464c3e2f07d035f98e3f323d');
INSERT INTO "requests" VALUES(54,'main',1,'sample',3,'pot',0,1349385328353076935,'2d56481704fd859507d4182e32afb9679147044f821c3aea3632502d886cbf67');
INSERT INTO "requests" VALUES(55,'main',1,'sample',3,'pot',1,6232548582201141949,'9980b0cdd5245cb7f3d1fc054fce2c2bcfc2884d43abccbb577706cebb4b8fdb');
INSERT INTO "requests" VALUES(56,'main',1,'sample',4,'cot',0,5286905869112267161,'b3c67a79331e6a39e03a58e3f62f2033aa41169dcded8683f9ce04a40f37c680');
INSERT INTO "requests" VALUES(57,'main',1,'sample',4,'cot',1,4202630242235419019,'6bb6040a45ee9b544516ed0e06a862e6d6734003fa8d9547cf61bc9cd350892b');
INSERT INTO "requests" VALUES(58,'main',1,'sample',4,'l2m',0,52156808932594989,'e729d88bf31faff9ceae55500b744a42328025139363f82621fab1500ca3fae2');
INSERT INTO "requests" VALUES(59,'main',1,'sample',4,'l2m',1,5333652275333129732,'2fda0b1354fedbda053d883171831a7496e3053ba331d952226f1d91b00e2600');
INSERT INTO "requests" VALUES(60,'main',1,'sample',4,'pot',0,8595879389975104243,'8fe3fb51dddd34d4decff73caad432643d4619b47bec2d7cdcffbbf1824c25b8');
INSERT INTO "requests" VALUES(61,'main',1,'sample',4,'pot',1,9148755338318609507,'463f41042cb538853e5eda6181592fe9b2bd2eacce27dc624b39fc93a0c086a8');
INSERT INTO "requests" VALUES(62,'main',1,'sample',5,'cot',0,4615478373075692938,'0c7aab0e635f777201508cb65ac22ec6676ff4299a726a9e5046f1b7aef8fd23');
INSERT INTO "requests" VALUES(63,'main',1,'sample',5,'cot',1,1868806796311896254,'d9dd50de25709b4a537c590b3f9821198fa665a4de2dd508a433ddae1e7c4709');
INSERT INTO "requests" VALUES(64,'main',1,'sample',5,'l2m',0,2982291923239038152,'9ba6debd334b3e3281424306d13b9ec6daadb7227ef8f1ddd45d4282bb8e1ae6');
INSERT INTO "requests" VALUES(65,'main',1,'sample',5,'l2m',1,1222995528713143614,'57e41752604fefb6b7e517a42dfee0c1c66870e606dc21dec07d85f45eda1cd8');
INSERT INTO "requests" VALUES(66,'main',1,'sample',5,'pot',0,6585039579690734881,'d3d96676a3696efe5f9998ff6e76dd528f8a3d32229957785080b6a3a114dcbd');
INSERT INTO "requests" VALUES(67,'main',1,'sample',5,'pot',1,5297717277351675043,'f9a6029fac3f1f191a4594cb0d4893d4abfc61213fac5dc3f436dfb0cc32263e');
INSERT INTO "requests" VALUES(68,'main',1,'sample',6,'cot',0,456360262980502143,'bae99ed88aa6fbc0ee9b78c785dbc7c074c18775572fb62333cbd0755da4cfab');
INSERT INTO "requests" VALUES(69,'main',1,'sample',6,'cot',1,243858781853284058,'a3abbbc6f7de2904f32beda541da70df9b65ece88ab13c4305871ec09a4623cb');
INSERT INTO "requests" VALUES(70,'main',1,'sample',6,'l2m',0,3182050948184796961,'d12a9415da7600a43a8a3d357ac5c77289a7ab294a5c2579f8b56bd985c9f419');
INSERT INTO "requests" VALUES(71,'main',1,'sample',6,'l2m',1,3209571046010352532,'de7b8bf52dc48f5712085d4e81c1390b21e1f09f11452d51ca4811240e9e14a7');
INSERT INTO "requests" VALUES(72,'main',1,'sample',6,'pot',0,8814495009072449901,'7d451df49b880df8f7d4e469edec64146e6701966e2913c83ee3524f24b8ce0d');
INSERT INTO "requests" VALUES(73,'main',1,'sample',6,'pot',1,7786064762952855967,'28697dd65855517ac7c1aa348abe97f1ab5802c8650c078cc0bfa5853f53d20f');
INSERT INTO "requests" VALUES(74,'main',1,'free:dev',7,'',0,637291895932714066,'000c23acd30bd29da1cc1310c105e10fbab3d37ab479416b9236429034e66a44');
INSERT INTO "requests" VALUES(75,'main',1,'free:dev',8,'',0,3336940344311015012,'6beefe50287a9377193bb0d63de18d556c384848fa3e71e1cb1a6a7e55479050');
INSERT INTO "requests" VALUES(76,'main',1,'free:dev',9,'',0,3481578112380940640,'2bbb75043b4d9e7839ddd86110e2e0077dce7acdc811d719afcde9eef71139ef');
INSERT INTO "requests" VALUES(77,'main',1,'free:dev',10,'',0,4247292602469908110,'5ab3a7c125ebf04b09812d0de1083d9337c92651cb97c426f381e4be757ae48d');
INSERT INTO "requests" VALUES(78,'main',1,'forced:dev',7,'cot',0,4107856528825240762,'93395e516ad8533ad95593869078e9e6826f87e4155c95b0a018691c5ccd32be');
INSERT INTO "requests" VALUES(79,'main',1,'forced:dev',7,'l2m',0,7250534397529643171,'46716a62f6f7d87b083448bd5c273040477b221ce7ba39702f2ddda0623a8ea7');
INSERT INTO "requests" VALUES(80,'main',1,'forced:dev',7,'pot',0,8659348084451975440,'b688c2befb1a5be3d6de2fd8b7e7559dcea402bbd3e19705aa8d9eb0c2b31fd8');
INSERT INTO "requests" VALUES(81,'main',1,'forced:dev',8,'cot',0,3068256547403732974,'00a782adeb9bad3fec24663f36ad1ed57695ebcdb10dc1547fe70c154a7c13bc');
INSERT INTO "requests" VALUES(82,'main',1,'forced:dev',8,'l2m',0,5093408021203448556,'74a46a5ea24448f9a0826773cc4aea08887d2f9d4b01d332bf64d4f5a374506b');
INSERT INTO "requests" VALUES(83,'main',1,'forced:dev',8,'pot',0,3380005662690045467,'ca38206dfd12cf7016d27e1102ce7f79a371e1b8873a1a1445aa737565b34314');
INSERT INTO "requests" VALUES(84,'main',1,'forced:dev',9,'cot',0,6166133494018300446,'7db74d470c4975ea05e1da159b1e0a7e8a4eb387b94c047370155fd40f162d64');
INSERT INTO "requests" VALUES(85,'main',1,'forced:dev',9,'l2m',0,3135321950929295843,'09b9f7bcae4d9c9462c9b513018af78b8a84e4f194a82b54d216e682f145eeae');
INSERT INTO "requests" VALUES(86,'main',1,'forced:dev',9,'pot',0,1090440694508313859,'622cc89f43ab8ed10239e24026d2c42da01337d3e9f036b9071007d89bc7275d');
INSERT INTO "requests" VALUES(87,'main',1,'forced:dev',10,'cot',0,2303512530028064302,'c80bc6b4e6fcacde8b37e9030951812d0dfad3ae98b92684ef5abc3803b419c4');
INSERT INTO "requests" VALUES(88,'main',1,'forced:dev',10,'l2m',0,528296866964600895,'8274c096025500ca80dded31547a66bf91f5e5e8a09961ca15659040cbb6d732');
INSERT INTO "requests" VALUES(89,'main',1,'forced:dev',10,'pot',0,7328967035009122370,'4ef7616cc9f19dc407725114fba3f7dab5cfb5afde276700d45d990ff4d1db21');
INSERT INTO "requests" VALUES(90,'main',1,'free:additions',11,'',0,7960226776928966357,'f8284130752be2899d51a35f42b6ac153e15b1059f0f43b31e8a26e7e7910eb5');
INSERT INTO "requests" VALUES(91,'main',1,'free:additions',12,'',0,6442063558650990084,'3e04bcb7220f131fb895ee057feb3c584851ebf18f12a0ea4519e1b47c61fb09');
INSERT INTO "requests" VALUES(92,'main',1,'free:additions',13,'',0,7749343907965840955,'586e8a923e121a3cf012c8ade6ba056abae5692d108b2e78850706543cbb55ab');
INSERT INTO "requests" VALUES(93,'equal-steps',1,'free:dev',7,'',0,637291895932714066,'97b28dc792265570bac8896d0e7e1ae8684ce114732294d1285240a4a4230e71');
INSERT INTO "requests" VALUES(94,'equal-steps',1,'free:dev',8,'',0,3336940344311015012,'f15bb958d7f45435cb39899e21f6ea0f69ae6c33cb3a85f8697a3d2446ea72ef');
INSERT INTO "requests" VALUES(95,'equal-steps',1,'free:dev',9,'',0,3481578112380940640,'16c74111b8c16aee69bc4ededcf77ce905d3a87552e40d951e174d31574ec70d');
INSERT INTO "requests" VALUES(96,'equal-steps',1,'free:dev',10,'',0,4247292602469908110,'a88a25072278d10bf3355303a5bf5c026ed61d2dc8a02648950dadf12c75e88e');
INSERT INTO "requests" VALUES(97,'equal-steps',1,'free:additions',11,'',0,7960226776928966357,'1208745ef2a0fbbb155659b95c98e769ddec0077efbd6585375955fa21f226d4');
INSERT INTO "requests" VALUES(98,'equal-steps',1,'free:additions',12,'',0,6442063558650990084,'7f7920e017299fd72d7dd29b026ebecc675e44ae920ded6a87a91c3480856497');
INSERT INTO "requests" VALUES(99,'equal-steps',1,'free:additions',13,'',0,7749343907965840955,'8ad1b3c6abf1dacaababb1d5f78030927cc21fda651350997b5250c520514f95');
CREATE TABLE steps (                       -- a row means: finished
    id INTEGER PRIMARY KEY,
    track TEXT NOT NULL,
    iteration INTEGER NOT NULL,
    step TEXT NOT NULL,
    seconds REAL NOT NULL,                 -- of the process that finished it; earlier parts are events
    UNIQUE (track, iteration, step)
) STRICT;
INSERT INTO "steps" VALUES(1,'main',0,'prepare',5.03137899977446068078e-03);
INSERT INTO "steps" VALUES(2,'main',0,'teach',3.91331570000147621612e-01);
INSERT INTO "steps" VALUES(3,'main',0,'mix',2.82063229997220332734e-02);
INSERT INTO "steps" VALUES(4,'main',0,'train',3.48736164000001735985e-01);
INSERT INTO "steps" VALUES(5,'main',0,'evaluate',3.31109230000947718508e-02);
INSERT INTO "steps" VALUES(6,'main',0,'choice',5.33992700002272613346e-03);
INSERT INTO "steps" VALUES(7,'main',0,'test',6.66482299948256695643e-03);
INSERT INTO "steps" VALUES(8,'main',1,'sample',2.14558200004830723628e-02);
INSERT INTO "steps" VALUES(9,'main',1,'verify',2.46047569999063853174e-02);
INSERT INTO "steps" VALUES(10,'main',1,'mix',4.23549500010267365723e-03);
INSERT INTO "steps" VALUES(11,'main',1,'train',1.6303594000419252552e-02);
INSERT INTO "steps" VALUES(12,'main',1,'evaluate',2.19697530001212726347e-02);
INSERT INTO "steps" VALUES(13,'main',1,'choice',5.44861100024718325585e-03);
INSERT INTO "steps" VALUES(14,'main',1,'test',4.30481599960330640897e-03);
INSERT INTO "steps" VALUES(15,'equal-steps',1,'mix',1.89923299967631464824e-03);
INSERT INTO "steps" VALUES(16,'equal-steps',1,'train',2.04684069994982564821e-02);
INSERT INTO "steps" VALUES(17,'equal-steps',1,'evaluate',1.16977440002301591448e-02);
INSERT INTO "steps" VALUES(18,'equal-steps',1,'test',3.91676700019161216914e-03);
CREATE TABLE students (
    id INTEGER PRIMARY KEY,
    track TEXT NOT NULL,
    iteration INTEGER NOT NULL,
    weights TEXT NOT NULL,                 -- folder, relative to the run
    hash TEXT NOT NULL,                    -- over its sorted tensors
    steps INTEGER NOT NULL,
    tokens INTEGER NOT NULL,
    loss REAL NOT NULL,
    rows INTEGER NOT NULL,
    dropped INTEGER NOT NULL,
    UNIQUE (track, iteration)
) STRICT;
INSERT INTO "students" VALUES(1,'main',0,'students/0','6e18294d12ac97bd2121c5e3d235690cc2640dae8ac15062e5a79436a7709d93',2,188,0.49,17,0);
INSERT INTO "students" VALUES(2,'main',1,'students/1','642eb2a1c82c15024eac3fc850648d78c8602aedb38c18f763cb84ef88de5c96',2,192,3.42999999999999971578e-01,18,0);
INSERT INTO "students" VALUES(3,'equal-steps',1,'students/equal-steps-1','5fa7535bdd43530b45349d9a5805ff84816bcc5b339a526707959953f6c10973',2,188,3.42999999999999971578e-01,17,0);
CREATE TABLE tag_scores (                  -- how probable a student finds each strategy's tag, dev only
    id INTEGER PRIMARY KEY,
    track TEXT NOT NULL,
    iteration INTEGER NOT NULL,
    problem INTEGER NOT NULL REFERENCES problems (id),
    strategy TEXT NOT NULL,
    logprob REAL NOT NULL,                 -- of the whole tag after the prompt, nats
    UNIQUE (track, iteration, problem, strategy)
) STRICT;
INSERT INTO "tag_scores" VALUES(1,'main',0,7,'cot',-7.24399724064049732596e-01);
INSERT INTO "tag_scores" VALUES(2,'main',0,7,'l2m',-1.95736006526323813581e+00);
INSERT INTO "tag_scores" VALUES(3,'main',0,7,'pot',-1.29406584785297362749e+00);
INSERT INTO "tag_scores" VALUES(4,'main',0,8,'cot',-8.45338995901870560167e-01);
INSERT INTO "tag_scores" VALUES(5,'main',0,8,'l2m',-7.91993015196577943015e-01);
INSERT INTO "tag_scores" VALUES(6,'main',0,8,'pot',-4.03718614838215206219e+00);
INSERT INTO "tag_scores" VALUES(7,'main',0,9,'cot',-1.81544195387161400034e+00);
INSERT INTO "tag_scores" VALUES(8,'main',0,9,'l2m',-8.46447158506890784401e-01);
INSERT INTO "tag_scores" VALUES(9,'main',0,9,'pot',-1.17668884537746754048e+00);
INSERT INTO "tag_scores" VALUES(10,'main',0,10,'cot',-9.96577609979865441935e-01);
INSERT INTO "tag_scores" VALUES(11,'main',0,10,'l2m',-9.05605831774138669842e-01);
INSERT INTO "tag_scores" VALUES(12,'main',0,10,'pot',-2.06701902168127871206e+00);
INSERT INTO "tag_scores" VALUES(13,'main',1,7,'cot',-6.2177051771771751909e-01);
INSERT INTO "tag_scores" VALUES(14,'main',1,7,'l2m',-1.04948123477320165441e+00);
INSERT INTO "tag_scores" VALUES(15,'main',1,7,'pot',-4.35147196635190880442e+00);
INSERT INTO "tag_scores" VALUES(16,'main',1,8,'cot',-1.93603540113555472323e+00);
INSERT INTO "tag_scores" VALUES(17,'main',1,8,'l2m',-4.80748168528712715996e-01);
INSERT INTO "tag_scores" VALUES(18,'main',1,8,'pot',-1.98482556530498688296e+00);
INSERT INTO "tag_scores" VALUES(19,'main',1,9,'cot',-8.27238954258252556783e-01);
INSERT INTO "tag_scores" VALUES(20,'main',1,9,'l2m',-1.6700625342505350801e+00);
INSERT INTO "tag_scores" VALUES(21,'main',1,9,'pot',-1.2927683031090670962e+00);
INSERT INTO "tag_scores" VALUES(22,'main',1,10,'cot',-1.95468983670735907409e+00);
INSERT INTO "tag_scores" VALUES(23,'main',1,10,'l2m',-7.84618584057104495599e-01);
INSERT INTO "tag_scores" VALUES(24,'main',1,10,'pot',-1.19700413500984259584e+00);
CREATE TABLE verdicts (
    id INTEGER PRIMARY KEY,
    rationale INTEGER NOT NULL REFERENCES rationales (id),
    verifier TEXT NOT NULL,
    version TEXT NOT NULL,
    options TEXT NOT NULL,                 -- JSON, sorted
    status TEXT NOT NULL CHECK (status IN ('correct', 'wrong', 'unverified')),
    answer TEXT,
    rule TEXT NOT NULL,
    flags TEXT NOT NULL,                   -- space-separated
    sandbox TEXT NOT NULL,                 -- '' where nothing was run
    program TEXT NOT NULL,                 -- how the program ended
    detail TEXT NOT NULL,
    UNIQUE (rationale, verifier, version, options)
) STRICT;
INSERT INTO "verdicts" VALUES(1,1,'numeric','1','{}','correct','74','final-answer/exact','','','','');
INSERT INTO "verdicts" VALUES(2,7,'numeric','1','{}','correct','74','final-answer/exact','','','','');
INSERT INTO "verdicts" VALUES(3,13,'numeric','1','{}','correct','74','value/exact','','monty','ok','');
INSERT INTO "verdicts" VALUES(4,2,'numeric','1','{}','correct','158','final-answer/exact','','','','');
INSERT INTO "verdicts" VALUES(5,8,'numeric','1','{}','correct','158','final-answer/exact','','','','');
INSERT INTO "verdicts" VALUES(6,14,'numeric','1','{}','correct','158','value/exact','','monty','ok','');
INSERT INTO "verdicts" VALUES(7,3,'numeric','1','{}','correct','69','final-answer/exact','','','','');
INSERT INTO "verdicts" VALUES(8,9,'numeric','1','{}','correct','69','final-answer/exact','','','','');
INSERT INTO "verdicts" VALUES(9,15,'numeric','1','{}','correct','69','value/exact','','monty','ok','');
INSERT INTO "verdicts" VALUES(10,4,'numeric','1','{}','correct','84','final-answer/exact','','','','');
INSERT INTO "verdicts" VALUES(11,10,'numeric','1','{}','correct','84','final-answer/exact','','','','');
INSERT INTO "verdicts" VALUES(12,16,'numeric','1','{}','correct','84','value/exact','','monty','ok','');
INSERT INTO "verdicts" VALUES(13,5,'numeric','1','{}','correct','159','final-answer/exact','','','','');
INSERT INTO "verdicts" VALUES(14,11,'numeric','1','{}','correct','159','final-answer/exact','','','','');
INSERT INTO "verdicts" VALUES(15,17,'numeric','1','{}','correct','159','value/exact','','monty','ok','');
INSERT INTO "verdicts" VALUES(16,6,'numeric','1','{}','correct','140','final-answer/exact','','','','');
INSERT INTO "verdicts" VALUES(17,12,'numeric','1','{}','correct','140','final-answer/exact','','','','');
INSERT INTO "verdicts" VALUES(18,18,'numeric','1','{}','wrong','141','value/different','','monty','ok','');
INSERT INTO "verdicts" VALUES(19,19,'numeric','1','{}','correct','100','final-answer/exact','','','','');
INSERT INTO "verdicts" VALUES(20,20,'numeric','1','{}','wrong','119','final-answer/different','','','','');
INSERT INTO "verdicts" VALUES(21,21,'numeric','1','{}','correct','86','final-answer/exact','','','','');
INSERT INTO "verdicts" VALUES(22,22,'numeric','1','{}','wrong','125','value/different','','monty','ok','');
INSERT INTO "verdicts" VALUES(23,23,'numeric','1','{}','wrong','101','final-answer/different','','','','');
INSERT INTO "verdicts" VALUES(24,24,'numeric','1','{}','correct','100','final-answer/exact','','','','');
INSERT INTO "verdicts" VALUES(25,25,'numeric','1','{}','wrong','101','value/different','','monty','ok','');
INSERT INTO "verdicts" VALUES(26,26,'numeric','1','{}','wrong','119','final-answer/different','','','','');
INSERT INTO "verdicts" VALUES(27,27,'numeric','1','{}','correct','118','final-answer/exact','','','','');
INSERT INTO "verdicts" VALUES(28,28,'numeric','1','{}','correct','118','value/exact','','monty','ok','');
INSERT INTO "verdicts" VALUES(29,29,'numeric','1','{}','correct','86','final-answer/exact','','','','');
INSERT INTO "verdicts" VALUES(30,30,'numeric','1','{}','correct','86','final-answer/exact','','','','');
INSERT INTO "verdicts" VALUES(31,31,'numeric','1','{}','wrong','87','value/different','','monty','ok','');
INSERT INTO "verdicts" VALUES(32,32,'numeric','1','{}','correct','124','final-answer/exact','','','','');
INSERT INTO "verdicts" VALUES(33,33,'numeric','1','{}','correct','124','final-answer/exact','','','','');
INSERT INTO "verdicts" VALUES(34,34,'numeric','1','{}','correct','124','value/exact','','monty','ok','');
INSERT INTO "verdicts" VALUES(35,35,'numeric','1','{}','correct','68','value/exact','','monty','ok','');
INSERT INTO "verdicts" VALUES(36,36,'numeric','1','{}','correct','45','value/exact','','monty','ok','');
INSERT INTO "verdicts" VALUES(37,37,'numeric','1','{}','wrong','113','final-answer/different','','','','');
INSERT INTO "verdicts" VALUES(38,38,'numeric','1','{}','wrong','75','final-answer/different','','','','');
INSERT INTO "verdicts" VALUES(39,39,'numeric','1','{}','wrong','75','final-answer/different','','','','');
INSERT INTO "verdicts" VALUES(40,40,'numeric','1','{}','wrong','75','final-answer/different','','','','');
INSERT INTO "verdicts" VALUES(41,41,'numeric','1','{}','correct','74','final-answer/exact','','','','');
INSERT INTO "verdicts" VALUES(42,42,'numeric','1','{}','correct','74','value/exact','','monty','ok','');
INSERT INTO "verdicts" VALUES(43,43,'numeric','1','{}','correct','74','value/exact','','monty','ok','');
INSERT INTO "verdicts" VALUES(44,44,'numeric','1','{}','correct','158','final-answer/exact','','','','');
INSERT INTO "verdicts" VALUES(45,45,'numeric','1','{}','wrong','159','final-answer/different','','','','');
INSERT INTO "verdicts" VALUES(46,46,'numeric','1','{}','wrong','159','final-answer/different','','','','');
INSERT INTO "verdicts" VALUES(47,47,'numeric','1','{}','correct','158','final-answer/exact','','','','');
INSERT INTO "verdicts" VALUES(48,48,'numeric','1','{}','correct','158','value/exact','','monty','ok','');
INSERT INTO "verdicts" VALUES(49,49,'numeric','1','{}','wrong','159','value/different','','monty','ok','');
INSERT INTO "verdicts" VALUES(50,50,'numeric','1','{}','correct','69','final-answer/exact','','','','');
INSERT INTO "verdicts" VALUES(51,51,'numeric','1','{}','correct','69','final-answer/exact','','','','');
INSERT INTO "verdicts" VALUES(52,52,'numeric','1','{}','correct','69','final-answer/exact','','','','');
INSERT INTO "verdicts" VALUES(53,53,'numeric','1','{}','correct','69','final-answer/exact','','','','');
INSERT INTO "verdicts" VALUES(54,54,'numeric','1','{}','wrong','70','value/different','','monty','ok','');
INSERT INTO "verdicts" VALUES(55,55,'numeric','1','{}','wrong','70','value/different','','monty','ok','');
INSERT INTO "verdicts" VALUES(56,56,'numeric','1','{}','wrong','85','final-answer/different','','','','');
INSERT INTO "verdicts" VALUES(57,57,'numeric','1','{}','correct','84','final-answer/exact','','','','');
INSERT INTO "verdicts" VALUES(58,58,'numeric','1','{}','wrong','85','final-answer/different','','','','');
INSERT INTO "verdicts" VALUES(59,59,'numeric','1','{}','wrong','85','final-answer/different','','','','');
INSERT INTO "verdicts" VALUES(60,60,'numeric','1','{}','correct','84','value/exact','','monty','ok','');
INSERT INTO "verdicts" VALUES(61,61,'numeric','1','{}','wrong','85','value/different','','monty','ok','');
INSERT INTO "verdicts" VALUES(62,62,'numeric','1','{}','correct','159','final-answer/exact','','','','');
INSERT INTO "verdicts" VALUES(63,63,'numeric','1','{}','wrong','160','final-answer/different','','','','');
INSERT INTO "verdicts" VALUES(64,64,'numeric','1','{}','correct','159','final-answer/exact','','','','');
INSERT INTO "verdicts" VALUES(65,65,'numeric','1','{}','correct','159','final-answer/exact','','','','');
INSERT INTO "verdicts" VALUES(66,66,'numeric','1','{}','wrong','160','value/different','','monty','ok','');
INSERT INTO "verdicts" VALUES(67,67,'numeric','1','{}','wrong','160','value/different','','monty','ok','');
INSERT INTO "verdicts" VALUES(68,68,'numeric','1','{}','wrong','141','final-answer/different','','','','');
INSERT INTO "verdicts" VALUES(69,69,'numeric','1','{}','correct','140','final-answer/exact','','','','');
INSERT INTO "verdicts" VALUES(70,70,'numeric','1','{}','wrong','141','final-answer/different','','','','');
INSERT INTO "verdicts" VALUES(71,71,'numeric','1','{}','correct','140','final-answer/exact','','','','');
INSERT INTO "verdicts" VALUES(72,72,'numeric','1','{}','correct','140','value/exact','','monty','ok','');
INSERT INTO "verdicts" VALUES(73,73,'numeric','1','{}','wrong','141','value/different','','monty','ok','');
INSERT INTO "verdicts" VALUES(74,74,'numeric','1','{}','correct','100','final-answer/exact','','','','');
INSERT INTO "verdicts" VALUES(75,75,'numeric','1','{}','wrong','119','final-answer/different','','','','');
INSERT INTO "verdicts" VALUES(76,76,'numeric','1','{}','wrong','87','final-answer/different','','','','');
INSERT INTO "verdicts" VALUES(77,77,'numeric','1','{}','wrong','125','final-answer/different','','','','');
INSERT INTO "verdicts" VALUES(78,78,'numeric','1','{}','correct','100','final-answer/exact','','','','');
INSERT INTO "verdicts" VALUES(79,79,'numeric','1','{}','correct','100','final-answer/exact','','','','');
INSERT INTO "verdicts" VALUES(80,80,'numeric','1','{}','correct','100','value/exact','','monty','ok','');
INSERT INTO "verdicts" VALUES(81,81,'numeric','1','{}','wrong','119','final-answer/different','','','','');
INSERT INTO "verdicts" VALUES(82,82,'numeric','1','{}','wrong','119','final-answer/different','','','','');
INSERT INTO "verdicts" VALUES(83,83,'numeric','1','{}','wrong','119','value/different','','monty','ok','');
INSERT INTO "verdicts" VALUES(84,84,'numeric','1','{}','correct','86','final-answer/exact','','','','');
INSERT INTO "verdicts" VALUES(85,85,'numeric','1','{}','wrong','87','final-answer/different','','','','');
INSERT INTO "verdicts" VALUES(86,86,'numeric','1','{}','wrong','87','value/different','','monty','ok','');
INSERT INTO "verdicts" VALUES(87,87,'numeric','1','{}','wrong','125','final-answer/different','','','','');
INSERT INTO "verdicts" VALUES(88,88,'numeric','1','{}','correct','124','final-answer/exact','','','','');
INSERT INTO "verdicts" VALUES(89,89,'numeric','1','{}','wrong','125','value/different','','monty','ok','');
INSERT INTO "verdicts" VALUES(90,90,'numeric','1','{}','correct','68','final-answer/exact','','','','');
INSERT INTO "verdicts" VALUES(91,91,'numeric','1','{}','wrong','46','final-answer/different','','','','');
INSERT INTO "verdicts" VALUES(92,92,'numeric','1','{}','correct','112','final-answer/exact','','','','');
INSERT INTO "verdicts" VALUES(93,93,'numeric','1','{}','wrong','101','final-answer/different','','','','');
INSERT INTO "verdicts" VALUES(94,94,'numeric','1','{}','correct','118','value/exact','','monty','ok','');
INSERT INTO "verdicts" VALUES(95,95,'numeric','1','{}','correct','86','final-answer/exact','','','','');
INSERT INTO "verdicts" VALUES(96,96,'numeric','1','{}','correct','124','value/exact','','monty','ok','');
INSERT INTO "verdicts" VALUES(97,97,'numeric','1','{}','correct','68','final-answer/exact','','','','');
INSERT INTO "verdicts" VALUES(98,98,'numeric','1','{}','wrong','46','final-answer/different','','','','');
INSERT INTO "verdicts" VALUES(99,99,'numeric','1','{}','wrong','113','final-answer/different','','','','');
CREATE INDEX requests_by_key ON requests (key);
COMMIT;
