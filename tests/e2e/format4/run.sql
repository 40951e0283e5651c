PRAGMA user_version = 4;
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
INSERT INTO "calls" VALUES(12,'equal-steps',1,'forced:dev','scripted',12,96,240,0.0,'',0.0);
INSERT INTO "calls" VALUES(13,'equal-steps',1,'free:additions','scripted',3,24,60,0.0,'',0.0);
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
    verifier TEXT NOT NULL,                -- whose verdicts were counted
    version TEXT NOT NULL,
    options TEXT NOT NULL,
    UNIQUE (track, iteration, dataset, split, mode, verifier, version, options)
) STRICT;
INSERT INTO "evaluations" VALUES(1,'main',0,'additions','dev','free',4,4,0,'{"cot": 0.0, "l2m": 1.0, "none": 0.0, "pot": 0.0}','numeric','1','{}');
INSERT INTO "evaluations" VALUES(2,'main',0,'additions','dev','forced:cot',4,1,0,'{}','numeric','1','{}');
INSERT INTO "evaluations" VALUES(3,'main',0,'additions','dev','forced:l2m',4,3,0,'{}','numeric','1','{}');
INSERT INTO "evaluations" VALUES(4,'main',0,'additions','dev','forced:pot',4,3,0,'{}','numeric','1','{}');
INSERT INTO "evaluations" VALUES(5,'main',0,'additions','dev','any',4,4,0,'{}','numeric','1','{}');
INSERT INTO "evaluations" VALUES(6,'main',0,'additions','test','free',3,1,0,'{"cot": 0.0, "l2m": 1.0, "none": 0.0, "pot": 0.0}','numeric','1','{}');
INSERT INTO "evaluations" VALUES(7,'main',1,'additions','dev','free',4,2,0,'{"cot": 0.25, "l2m": 0.25, "none": 0.0, "pot": 0.5}','numeric','1','{}');
INSERT INTO "evaluations" VALUES(8,'main',1,'additions','dev','forced:cot',4,2,0,'{}','numeric','1','{}');
INSERT INTO "evaluations" VALUES(9,'main',1,'additions','dev','forced:l2m',4,3,0,'{}','numeric','1','{}');
INSERT INTO "evaluations" VALUES(10,'main',1,'additions','dev','forced:pot',4,2,0,'{}','numeric','1','{}');
INSERT INTO "evaluations" VALUES(11,'main',1,'additions','dev','any',4,4,0,'{}','numeric','1','{}');
INSERT INTO "evaluations" VALUES(12,'main',1,'additions','test','free',3,2,0,'{"cot": 0.6666666666666666, "l2m": 0.3333333333333333, "none": 0.0, "pot": 0.0}','numeric','1','{}');
INSERT INTO "evaluations" VALUES(13,'equal-steps',1,'additions','dev','free',4,2,0,'{"cot": 0.75, "l2m": 0.0, "none": 0.0, "pot": 0.25}','numeric','1','{}');
INSERT INTO "evaluations" VALUES(14,'equal-steps',1,'additions','dev','forced:cot',4,1,0,'{}','numeric','1','{}');
INSERT INTO "evaluations" VALUES(15,'equal-steps',1,'additions','dev','forced:l2m',4,2,0,'{}','numeric','1','{}');
INSERT INTO "evaluations" VALUES(16,'equal-steps',1,'additions','dev','forced:pot',4,4,0,'{}','numeric','1','{}');
INSERT INTO "evaluations" VALUES(17,'equal-steps',1,'additions','dev','any',4,4,0,'{}','numeric','1','{}');
INSERT INTO "evaluations" VALUES(18,'equal-steps',1,'additions','test','free',3,2,0,'{"cot": 0.6666666666666666, "l2m": 0.0, "none": 0.0, "pot": 0.3333333333333333}','numeric','1','{}');
CREATE TABLE events (                      -- what a person wants to know afterwards; decides nothing
    id INTEGER PRIMARY KEY,
    time REAL NOT NULL,
    kind TEXT NOT NULL,
    data TEXT NOT NULL
) STRICT;
INSERT INTO "events" VALUES(1,1.79555452612893462179e+09,'iterations','{"iterations": 1}');
INSERT INTO "events" VALUES(2,1.79555452615353345873e+09,'started','{"components": [{"distribution": "siked 0.1.0", "fingerprint": "ea926150582db3c5", "kind": "strategy", "name": "cot", "options": {"domain": "general", "exemplars": 8, "prompt_file": null}, "prompt": "320f7f16f80bff17", "role": "strategy cot", "tag": "[cot]", "version": "1"}, {"distribution": "siked-fakes 1.0", "fingerprint": "aac6e3cbba75efbc", "kind": "backend", "name": "scripted", "options": {"delay": 0.0, "die_after": 0, "die_once": "", "skill": 0.8}, "role": "teacher of cot", "version": ""}, {"distribution": "siked 0.1.0", "fingerprint": "7abbc61edd469045", "kind": "strategy", "name": "l2m", "options": {"domain": "general", "exemplars": 8, "prompt_file": null}, "prompt": "e3dfe38c21109c82", "role": "strategy l2m", "tag": "[l2m]", "version": "1"}, {"distribution": "siked-fakes 1.0", "fingerprint": "aac6e3cbba75efbc", "kind": "backend", "name": "scripted", "options": {"delay": 0.0, "die_after": 0, "die_once": "", "skill": 0.8}, "role": "teacher of l2m", "version": ""}, {"distribution": "siked 0.1.0", "fingerprint": "6b08b7ab3d83a00e", "kind": "strategy", "name": "pot", "options": {"domain": "general", "exemplars": 8, "prompt_file": null}, "prompt": "4a7abb9a91c16ab9", "role": "strategy pot", "tag": "[pot]", "version": "1"}, {"distribution": "siked-fakes 1.0", "fingerprint": "aac6e3cbba75efbc", "kind": "backend", "name": "scripted", "options": {"delay": 0.0, "die_after": 0, "die_once": "", "skill": 0.8}, "role": "teacher of pot", "version": ""}, {"distribution": "siked 0.1.0", "fingerprint": "84951030f6da7600", "kind": "schedule", "name": "adaptive", "options": {"cap": 0, "choose": "every", "flagged": "keep", "floor": 0.0, "keep": "first", "margin": 0.1, "most": 3, "refill": "pair", "tags": 0.0, "tokens": 0}, "role": "schedule", "version": ""}, {"distribution": "siked 0.1.0", "fingerprint": "bf7e097d746b97cd", "kind": "verifier", "name": "numeric", "options": {}, "role": "verifier", "version": "1"}, {"distribution": "siked 0.1.0", "fingerprint": "206fca4fb8f83ae6", "kind": "sandbox", "name": "auto", "options": {"allow_weak": false, "cpu": 2.0, "memory": 512, "workers": 0}, "role": "sandbox", "version": ""}, {"distribution": "siked 0.1.0", "fingerprint": "34268057dbbfab3c", "kind": "stopping", "name": "fixed", "options": {"collapse": 0.0, "seconds": 0.0, "tokens": 0}, "role": "stopping", "version": ""}, {"distribution": "siked-fakes 1.0", "fingerprint": "aac6e3cbba75efbc", "kind": "trainer", "name": "instant", "options": {"gain": 0.3, "seconds": 0.0}, "role": "trainer", "version": ""}, {"distribution": "siked-fakes 1.0", "fingerprint": "858ec9790fb1bc82", "kind": "dataset", "name": "additions", "options": {"dev": 10, "seed": 0, "test": 3, "train": 6}, "role": "dataset", "version": ""}, {"distribution": "siked-fakes 1.0", "fingerprint": "aac6e3cbba75efbc", "kind": "backend", "name": "scripted", "options": {"delay": 0.0, "die_after": 0, "die_once": "", "skill": 0.3}, "role": "student", "version": ""}], "cpus": 2, "id": "52a66967fe524b7bafcfec95c83c23a6", "machine": "Linux x86_64", "packages": {"peft": "0.21.2", "pydantic-monty": "1.4.0", "sympy": "1.14.0", "torch": "2.13.0+cpu", "transformers": "5.23.0", "trl": "1.16.0"}, "plugins": ["siked 0.1.0", "siked-example 0.1.0", "siked-fakes 1.0", "siked-openai 0.1.0", "siked-vllm 0.1.0"], "python": "3.11.7", "resumed": false, "siked": "0.1.0"}');
INSERT INTO "events" VALUES(3,1.79555452615983271598e+09,'note','{"text": "4 of 4 problems of dev overlap with training (0 the same text); --decontaminate leaves their twins out of training"}');
INSERT INTO "events" VALUES(4,1.79555452615988087655e+09,'note','{"text": "3 of 3 problems of additions overlap with training (0 the same text); --decontaminate leaves their twins out of training"}');
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
    weight REAL NOT NULL,                  -- what its rationale counts in the loss, and the row in shares
    tag_weight REAL,                       -- what its tag counts in the loss; NULL: as the rationale
    reason TEXT NOT NULL,
    PRIMARY KEY (mixture, position)
) STRICT, WITHOUT ROWID;
INSERT INTO "mixture_rows" VALUES(1,0,13,1.0,NULL,'teacher: iteration 0');
INSERT INTO "mixture_rows" VALUES(1,1,15,1.0,NULL,'teacher: iteration 0');
INSERT INTO "mixture_rows" VALUES(1,2,14,1.0,NULL,'teacher: iteration 0');
INSERT INTO "mixture_rows" VALUES(1,3,16,1.0,NULL,'teacher: iteration 0');
INSERT INTO "mixture_rows" VALUES(1,4,10,1.0,NULL,'teacher: iteration 0');
INSERT INTO "mixture_rows" VALUES(1,5,17,1.0,NULL,'teacher: iteration 0');
INSERT INTO "mixture_rows" VALUES(1,6,8,1.0,NULL,'teacher: iteration 0');
INSERT INTO "mixture_rows" VALUES(1,7,4,1.0,NULL,'teacher: iteration 0');
INSERT INTO "mixture_rows" VALUES(1,8,3,1.0,NULL,'teacher: iteration 0');
INSERT INTO "mixture_rows" VALUES(1,9,5,1.0,NULL,'teacher: iteration 0');
INSERT INTO "mixture_rows" VALUES(1,10,11,1.0,NULL,'teacher: iteration 0');
INSERT INTO "mixture_rows" VALUES(1,11,9,1.0,NULL,'teacher: iteration 0');
INSERT INTO "mixture_rows" VALUES(2,0,50,1.0,NULL,'student: correct');
INSERT INTO "mixture_rows" VALUES(2,1,59,1.0,NULL,'student: correct');
INSERT INTO "mixture_rows" VALUES(2,2,55,1.0,NULL,'student: correct');
INSERT INTO "mixture_rows" VALUES(2,3,66,1.0,NULL,'student: correct');
INSERT INTO "mixture_rows" VALUES(2,4,8,1.0,NULL,'teacher: the student solved none of 2');
INSERT INTO "mixture_rows" VALUES(2,5,73,1.0,NULL,'student: correct');
INSERT INTO "mixture_rows" VALUES(2,6,48,1.0,NULL,'student: correct');
INSERT INTO "mixture_rows" VALUES(2,7,40,1.0,NULL,'student: correct');
INSERT INTO "mixture_rows" VALUES(2,8,11,1.0,NULL,'teacher: the student solved none of 2');
INSERT INTO "mixture_rows" VALUES(2,9,53,1.0,NULL,'student: correct');
INSERT INTO "mixture_rows" VALUES(2,10,62,1.0,NULL,'student: correct');
INSERT INTO "mixture_rows" VALUES(2,11,60,1.0,NULL,'student: correct');
INSERT INTO "mixture_rows" VALUES(2,12,13,1.0,NULL,'teacher: the student solved none of 2');
INSERT INTO "mixture_rows" VALUES(2,13,71,1.0,NULL,'student: correct');
INSERT INTO "mixture_rows" VALUES(2,14,4,1.0,NULL,'teacher: the student solved none of 2');
INSERT INTO "mixture_rows" VALUES(2,15,38,1.0,NULL,'student: correct');
INSERT INTO "mixture_rows" VALUES(3,0,3,1.0,NULL,'teacher: iteration 0');
INSERT INTO "mixture_rows" VALUES(3,1,5,1.0,NULL,'teacher: iteration 0');
INSERT INTO "mixture_rows" VALUES(3,2,10,1.0,NULL,'teacher: iteration 0');
INSERT INTO "mixture_rows" VALUES(3,3,15,1.0,NULL,'teacher: iteration 0');
INSERT INTO "mixture_rows" VALUES(3,4,9,1.0,NULL,'teacher: iteration 0');
INSERT INTO "mixture_rows" VALUES(3,5,17,1.0,NULL,'teacher: iteration 0');
INSERT INTO "mixture_rows" VALUES(3,6,8,1.0,NULL,'teacher: iteration 0');
INSERT INTO "mixture_rows" VALUES(3,7,4,1.0,NULL,'teacher: iteration 0');
INSERT INTO "mixture_rows" VALUES(3,8,14,1.0,NULL,'teacher: iteration 0');
INSERT INTO "mixture_rows" VALUES(3,9,11,1.0,NULL,'teacher: iteration 0');
INSERT INTO "mixture_rows" VALUES(3,10,16,1.0,NULL,'teacher: iteration 0');
INSERT INTO "mixture_rows" VALUES(3,11,13,1.0,NULL,'teacher: iteration 0');
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
INSERT INTO "mixtures" VALUES(1,'main',0,'adaptive','{}',12,1.0,125,1.0,'{"cot": 0.25, "l2m": 0.3333333333333333, "pot": 0.4166666666666667}','{"student": {"cot": 0, "l2m": 0, "pot": 0}, "teacher": {"cot": 3, "l2m": 4, "pot": 5}}',NULL,7.97796809312854793283e-01,'[]','{}');
INSERT INTO "mixtures" VALUES(2,'main',1,'adaptive','{}',16,0.25,180,3.05555555555555580227e-01,'{"cot": 0.25, "l2m": 0.375, "pot": 0.375}','{"student": {"cot": 3, "l2m": 4, "pot": 5}, "teacher": {"cot": 1, "l2m": 2, "pot": 1}}',0.046653339638573,9.63457252632054839125e-01,'[]','{"schedule": 8}');
INSERT INTO "mixtures" VALUES(3,'equal-steps',1,'adaptive','{}',12,1.0,125,1.0,'{"cot": 0.25, "l2m": 0.3333333333333333, "pot": 0.4166666666666667}','{"student": {"cot": 0, "l2m": 0, "pot": 0}, "teacher": {"cot": 3, "l2m": 4, "pot": 5}}',NULL,7.97796809312854793283e-01,'[]','{}');
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
    logprob REAL,                          -- sum over all tokens written, nats; NULL where not told
    UNIQUE (request, attempt)
) STRICT;
INSERT INTO "rationales" VALUES(1,1,1,'ok','','cot','63 and 11 make 75.
Final Answer: 75',8,8,NULL);
INSERT INTO "rationales" VALUES(2,2,1,'ok','','cot','68 and 90 make 159.
Final Answer: 159',8,9,NULL);
INSERT INTO "rationales" VALUES(3,3,1,'ok','','cot','6 and 63 make 69.
Final Answer: 69',8,8,NULL);
INSERT INTO "rationales" VALUES(4,4,1,'ok','','cot','42 and 42 make 84.
Final Answer: 84',8,8,NULL);
INSERT INTO "rationales" VALUES(5,5,1,'ok','','cot','83 and 76 make 159.
Final Answer: 159',8,9,NULL);
INSERT INTO "rationales" VALUES(6,6,1,'ok','','cot','79 and 61 make 141.
Final Answer: 141',8,9,NULL);
INSERT INTO "rationales" VALUES(7,7,1,'ok','','l2m','Sub-question 1: What is 63 plus 11?
Answer to Sub-question 1: 75
Final Answer: 75',8,20,NULL);
INSERT INTO "rationales" VALUES(8,8,1,'ok','','l2m','Sub-question 1: What is 68 plus 90?
Answer to Sub-question 1: 158
Final Answer: 158',8,20,NULL);
INSERT INTO "rationales" VALUES(9,9,1,'ok','','l2m','Sub-question 1: What is 6 plus 63?
Answer to Sub-question 1: 69
Final Answer: 69',8,20,NULL);
INSERT INTO "rationales" VALUES(10,10,1,'ok','','l2m','Sub-question 1: What is 42 plus 42?
Answer to Sub-question 1: 84
Final Answer: 84',8,20,NULL);
INSERT INTO "rationales" VALUES(11,11,1,'ok','','l2m','Sub-question 1: What is 83 plus 76?
Answer to Sub-question 1: 159
Final Answer: 159',8,20,NULL);
INSERT INTO "rationales" VALUES(12,12,1,'ok','','l2m','Sub-question 1: What is 79 plus 61?
Answer to Sub-question 1: 141
Final Answer: 141',8,20,NULL);
INSERT INTO "rationales" VALUES(13,13,1,'ok','','pot','answer = 74 + 0
',8,4,NULL);
INSERT INTO "rationales" VALUES(14,14,1,'ok','','pot','answer = 158 + 0
',8,4,NULL);
INSERT INTO "rationales" VALUES(15,15,1,'ok','','pot','answer = 69 + 0
',8,4,NULL);
INSERT INTO "rationales" VALUES(16,16,1,'ok','','pot','answer = 84 + 0
',8,4,NULL);
INSERT INTO "rationales" VALUES(17,17,1,'ok','','pot','answer = 159 + 0
',8,4,NULL);
INSERT INTO "rationales" VALUES(18,18,1,'ok','','pot','answer = 141 + 0
',8,4,NULL);
INSERT INTO "rationales" VALUES(19,19,1,'ok','','l2m','[l2m]
Sub-question 1: What is 66 plus 34?
Answer to Sub-question 1: 100
Final Answer: 100',8,22,NULL);
INSERT INTO "rationales" VALUES(20,20,1,'ok','','l2m','[l2m]
Sub-question 1: What is 49 plus 69?
Answer to Sub-question 1: 118
Final Answer: 118',8,22,NULL);
INSERT INTO "rationales" VALUES(21,21,1,'ok','','l2m','[l2m]
Sub-question 1: What is 78 plus 8?
Answer to Sub-question 1: 86
Final Answer: 86',8,21,NULL);
INSERT INTO "rationales" VALUES(22,22,1,'ok','','l2m','[l2m]
Sub-question 1: What is 58 plus 66?
Answer to Sub-question 1: 124
Final Answer: 124',8,22,NULL);
INSERT INTO "rationales" VALUES(23,23,1,'ok','','cot','66 and 34 make 101.
Final Answer: 101',8,9,NULL);
INSERT INTO "rationales" VALUES(24,24,1,'ok','','l2m','Sub-question 1: What is 66 plus 34?
Answer to Sub-question 1: 100
Final Answer: 100',8,20,NULL);
INSERT INTO "rationales" VALUES(25,25,1,'ok','','pot','answer = 101 + 0
',8,4,NULL);
INSERT INTO "rationales" VALUES(26,26,1,'ok','','cot','49 and 69 make 119.
Final Answer: 119',8,9,NULL);
INSERT INTO "rationales" VALUES(27,27,1,'ok','','l2m','Sub-question 1: What is 49 plus 69?
Answer to Sub-question 1: 118
Final Answer: 118',8,20,NULL);
INSERT INTO "rationales" VALUES(28,28,1,'ok','','pot','answer = 118 + 0
',8,4,NULL);
INSERT INTO "rationales" VALUES(29,29,1,'ok','','cot','78 and 8 make 87.
Final Answer: 87',8,8,NULL);
INSERT INTO "rationales" VALUES(30,30,1,'ok','','l2m','Sub-question 1: What is 78 plus 8?
Answer to Sub-question 1: 87
Final Answer: 87',8,20,NULL);
INSERT INTO "rationales" VALUES(31,31,1,'ok','','pot','answer = 86 + 0
',8,4,NULL);
INSERT INTO "rationales" VALUES(32,32,1,'ok','','cot','58 and 66 make 124.
Final Answer: 124',8,9,NULL);
INSERT INTO "rationales" VALUES(33,33,1,'ok','','l2m','Sub-question 1: What is 58 plus 66?
Answer to Sub-question 1: 124
Final Answer: 124',8,20,NULL);
INSERT INTO "rationales" VALUES(34,34,1,'ok','','pot','answer = 124 + 0
',8,4,NULL);
INSERT INTO "rationales" VALUES(35,35,1,'ok','','l2m','[l2m]
Sub-question 1: What is 15 plus 53?
Answer to Sub-question 1: 69
Final Answer: 69',8,21,NULL);
INSERT INTO "rationales" VALUES(36,36,1,'ok','','l2m','[l2m]
Sub-question 1: What is 41 plus 4?
Answer to Sub-question 1: 45
Final Answer: 45',8,21,NULL);
INSERT INTO "rationales" VALUES(37,37,1,'ok','','l2m','[l2m]
Sub-question 1: What is 87 plus 25?
Answer to Sub-question 1: 113
Final Answer: 113',8,22,NULL);
INSERT INTO "rationales" VALUES(38,38,1,'ok','','cot','63 and 11 make 74.
Final Answer: 74',8,8,NULL);
INSERT INTO "rationales" VALUES(39,39,1,'ok','','cot','63 and 11 make 75.
Final Answer: 75',8,8,NULL);
INSERT INTO "rationales" VALUES(40,40,1,'ok','','l2m','Sub-question 1: What is 63 plus 11?
Answer to Sub-question 1: 74
Final Answer: 74',8,20,NULL);
INSERT INTO "rationales" VALUES(41,41,1,'ok','','l2m','Sub-question 1: What is 63 plus 11?
Answer to Sub-question 1: 75
Final Answer: 75',8,20,NULL);
INSERT INTO "rationales" VALUES(42,42,1,'ok','','pot','answer = 75 + 0
',8,4,NULL);
INSERT INTO "rationales" VALUES(43,43,1,'ok','','pot','answer = 75 + 0
',8,4,NULL);
INSERT INTO "rationales" VALUES(44,44,1,'ok','','cot','68 and 90 make 159.
Final Answer: 159',8,9,NULL);
INSERT INTO "rationales" VALUES(45,45,1,'ok','','cot','68 and 90 make 159.
Final Answer: 159',8,9,NULL);
INSERT INTO "rationales" VALUES(46,46,1,'ok','','l2m','Sub-question 1: What is 68 plus 90?
Answer to Sub-question 1: 159
Final Answer: 159',8,20,NULL);
INSERT INTO "rationales" VALUES(47,47,1,'ok','','l2m','Sub-question 1: What is 68 plus 90?
Answer to Sub-question 1: 159
Final Answer: 159',8,20,NULL);
INSERT INTO "rationales" VALUES(48,48,1,'ok','','pot','answer = 158 + 0
',8,4,NULL);
INSERT INTO "rationales" VALUES(49,49,1,'ok','','pot','answer = 159 + 0
',8,4,NULL);
INSERT INTO "rationales" VALUES(50,50,1,'ok','','cot','6 and 63 make 69.
Final Answer: 69',8,8,NULL);
INSERT INTO "rationales" VALUES(51,51,1,'ok','','cot','6 and 63 make 70.
Final Answer: 70',8,8,NULL);
INSERT INTO "rationales" VALUES(52,52,1,'ok','','l2m','Sub-question 1: What is 6 plus 63?
Answer to Sub-question 1: 70
Final Answer: 70',8,20,NULL);
INSERT INTO "rationales" VALUES(53,53,1,'ok','','l2m','Sub-question 1: What is 6 plus 63?
Answer to Sub-question 1: 69
Final Answer: 69',8,20,NULL);
INSERT INTO "rationales" VALUES(54,54,1,'ok','','pot','answer = 70 + 0
',8,4,NULL);
INSERT INTO "rationales" VALUES(55,55,1,'ok','','pot','answer = 69 + 0
',8,4,NULL);
INSERT INTO "rationales" VALUES(56,56,1,'ok','','cot','42 and 42 make 85.
Final Answer: 85',8,8,NULL);
INSERT INTO "rationales" VALUES(57,57,1,'ok','','cot','42 and 42 make 85.
Final Answer: 85',8,8,NULL);
INSERT INTO "rationales" VALUES(58,58,1,'ok','','l2m','Sub-question 1: What is 42 plus 42?
Answer to Sub-question 1: 85
Final Answer: 85',8,20,NULL);
INSERT INTO "rationales" VALUES(59,59,1,'ok','','l2m','Sub-question 1: What is 42 plus 42?
Answer to Sub-question 1: 84
Final Answer: 84',8,20,NULL);
INSERT INTO "rationales" VALUES(60,60,1,'ok','','pot','answer = 84 + 0
',8,4,NULL);
INSERT INTO "rationales" VALUES(61,61,1,'ok','','pot','answer = 85 + 0
',8,4,NULL);
INSERT INTO "rationales" VALUES(62,62,1,'ok','','cot','83 and 76 make 159.
Final Answer: 159',8,9,NULL);
INSERT INTO "rationales" VALUES(63,63,1,'ok','','cot','83 and 76 make 160.
Final Answer: 160',8,9,NULL);
INSERT INTO "rationales" VALUES(64,64,1,'ok','','l2m','Sub-question 1: What is 83 plus 76?
Answer to Sub-question 1: 160
Final Answer: 160',8,20,NULL);
INSERT INTO "rationales" VALUES(65,65,1,'ok','','l2m','Sub-question 1: What is 83 plus 76?
Answer to Sub-question 1: 160
Final Answer: 160',8,20,NULL);
INSERT INTO "rationales" VALUES(66,66,1,'ok','','pot','answer = 159 + 0
',8,4,NULL);
INSERT INTO "rationales" VALUES(67,67,1,'ok','','pot','answer = 160 + 0
',8,4,NULL);
INSERT INTO "rationales" VALUES(68,68,1,'ok','','cot','79 and 61 make 141.
Final Answer: 141',8,9,NULL);
INSERT INTO "rationales" VALUES(69,69,1,'ok','','cot','79 and 61 make 141.
Final Answer: 141',8,9,NULL);
INSERT INTO "rationales" VALUES(70,70,1,'ok','','l2m','Sub-question 1: What is 79 plus 61?
Answer to Sub-question 1: 141
Final Answer: 141',8,20,NULL);
INSERT INTO "rationales" VALUES(71,71,1,'ok','','l2m','Sub-question 1: What is 79 plus 61?
Answer to Sub-question 1: 140
Final Answer: 140',8,20,NULL);
INSERT INTO "rationales" VALUES(72,72,1,'ok','','pot','answer = 141 + 0
',8,4,NULL);
INSERT INTO "rationales" VALUES(73,73,1,'ok','','pot','answer = 140 + 0
',8,4,NULL);
INSERT INTO "rationales" VALUES(74,74,1,'ok','','pot','[pot]
answer = 101 + 0
',8,5,NULL);
INSERT INTO "rationales" VALUES(75,75,1,'ok','','cot','[cot]
49 and 69 make 118.
Final Answer: 118',8,10,NULL);
INSERT INTO "rationales" VALUES(76,76,1,'ok','','pot','[pot]
answer = 87 + 0
',8,5,NULL);
INSERT INTO "rationales" VALUES(77,77,1,'ok','','l2m','[l2m]
Sub-question 1: What is 58 plus 66?
Answer to Sub-question 1: 124
Final Answer: 124',8,22,NULL);
INSERT INTO "rationales" VALUES(78,78,1,'ok','','cot','66 and 34 make 101.
Final Answer: 101',8,9,NULL);
INSERT INTO "rationales" VALUES(79,79,1,'ok','','l2m','Sub-question 1: What is 66 plus 34?
Answer to Sub-question 1: 100
Final Answer: 100',8,20,NULL);
INSERT INTO "rationales" VALUES(80,80,1,'ok','','pot','answer = 101 + 0
',8,4,NULL);
INSERT INTO "rationales" VALUES(81,81,1,'ok','','cot','49 and 69 make 118.
Final Answer: 118',8,9,NULL);
INSERT INTO "rationales" VALUES(82,82,1,'ok','','l2m','Sub-question 1: What is 49 plus 69?
Answer to Sub-question 1: 118
Final Answer: 118',8,20,NULL);
INSERT INTO "rationales" VALUES(83,83,1,'ok','','pot','answer = 119 + 0
',8,4,NULL);
INSERT INTO "rationales" VALUES(84,84,1,'ok','','cot','78 and 8 make 86.
Final Answer: 86',8,8,NULL);
INSERT INTO "rationales" VALUES(85,85,1,'ok','','l2m','Sub-question 1: What is 78 plus 8?
Answer to Sub-question 1: 86
Final Answer: 86',8,20,NULL);
INSERT INTO "rationales" VALUES(86,86,1,'ok','','pot','answer = 86 + 0
',8,4,NULL);
INSERT INTO "rationales" VALUES(87,87,1,'ok','','cot','58 and 66 make 125.
Final Answer: 125',8,9,NULL);
INSERT INTO "rationales" VALUES(88,88,1,'ok','','l2m','Sub-question 1: What is 58 plus 66?
Answer to Sub-question 1: 125
Final Answer: 125',8,20,NULL);
INSERT INTO "rationales" VALUES(89,89,1,'ok','','pot','answer = 124 + 0
',8,4,NULL);
INSERT INTO "rationales" VALUES(90,90,1,'ok','','cot','[cot]
15 and 53 make 68.
Final Answer: 68',8,10,NULL);
INSERT INTO "rationales" VALUES(91,91,1,'ok','','cot','[cot]
41 and 4 make 45.
Final Answer: 45',8,10,NULL);
INSERT INTO "rationales" VALUES(92,92,1,'ok','','l2m','[l2m]
Sub-question 1: What is 87 plus 25?
Answer to Sub-question 1: 113
Final Answer: 113',8,22,NULL);
INSERT INTO "rationales" VALUES(93,93,1,'ok','','pot','[pot]
answer = 100 + 0
',8,5,NULL);
INSERT INTO "rationales" VALUES(94,94,1,'ok','','cot','[cot]
49 and 69 make 119.
Final Answer: 119',8,10,NULL);
INSERT INTO "rationales" VALUES(95,95,1,'ok','','cot','[cot]
78 and 8 make 87.
Final Answer: 87',8,10,NULL);
INSERT INTO "rationales" VALUES(96,96,1,'ok','','cot','[cot]
58 and 66 make 124.
Final Answer: 124',8,10,NULL);
INSERT INTO "rationales" VALUES(97,97,1,'ok','','cot','66 and 34 make 101.
Final Answer: 101',8,9,NULL);
INSERT INTO "rationales" VALUES(98,98,1,'ok','','l2m','Sub-question 1: What is 66 plus 34?
Answer to Sub-question 1: 100
Final Answer: 100',8,20,NULL);
INSERT INTO "rationales" VALUES(99,99,1,'ok','','pot','answer = 100 + 0
',8,4,NULL);
INSERT INTO "rationales" VALUES(100,100,1,'ok','','cot','49 and 69 make 119.
Final Answer: 119',8,9,NULL);
INSERT INTO "rationales" VALUES(101,101,1,'ok','','l2m','Sub-question 1: What is 49 plus 69?
Answer to Sub-question 1: 118
Final Answer: 118',8,20,NULL);
INSERT INTO "rationales" VALUES(102,102,1,'ok','','pot','answer = 118 + 0
',8,4,NULL);
INSERT INTO "rationales" VALUES(103,103,1,'ok','','cot','78 and 8 make 86.
Final Answer: 86',8,8,NULL);
INSERT INTO "rationales" VALUES(104,104,1,'ok','','l2m','Sub-question 1: What is 78 plus 8?
Answer to Sub-question 1: 87
Final Answer: 87',8,20,NULL);
INSERT INTO "rationales" VALUES(105,105,1,'ok','','pot','answer = 86 + 0
',8,4,NULL);
INSERT INTO "rationales" VALUES(106,106,1,'ok','','cot','58 and 66 make 125.
Final Answer: 125',8,9,NULL);
INSERT INTO "rationales" VALUES(107,107,1,'ok','','l2m','Sub-question 1: What is 58 plus 66?
Answer to Sub-question 1: 125
Final Answer: 125',8,20,NULL);
INSERT INTO "rationales" VALUES(108,108,1,'ok','','pot','answer = 124 + 0
',8,4,NULL);
INSERT INTO "rationales" VALUES(109,109,1,'ok','','cot','[cot]
15 and 53 make 68.
Final Answer: 68',8,10,NULL);
INSERT INTO "rationales" VALUES(110,110,1,'ok','','cot','[cot]
41 and 4 make 45.
Final Answer: 45',8,10,NULL);
INSERT INTO "rationales" VALUES(111,111,1,'ok','','pot','[pot]
answer = 113 + 0
',8,5,NULL);
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
INSERT INTO "requests" VALUES(1,'main',0,'teach:cot',1,'cot',0,1328295177746368733,'07304f3dffec2947e26c6dcf90dc107b7df09f9044ee95b6acc9ce99e155a2a6');
INSERT INTO "requests" VALUES(2,'main',0,'teach:cot',2,'cot',0,2103088729413736596,'fb16b784e4a56bb21bef84f6e31ef7730ca58c4cc49f619b4819faac4a5381af');
INSERT INTO "requests" VALUES(3,'main',0,'teach:cot',3,'cot',0,7733990730790911172,'6db038cd6b4587ef72ef66e1260fa1a37f4bd4547570dbb2bea42c54a8ad1ca5');
INSERT INTO "requests" VALUES(4,'main',0,'teach:cot',4,'cot',0,8883143883861394486,'515329e987128b187c5c12d63c71c95a2867e5c12355eab8658c3066c827c6fe');
INSERT INTO "requests" VALUES(5,'main',0,'teach:cot',5,'cot',0,8173543062090476936,'d69a12f99c90fc9865cf7e094eb1a519752ee6edc08424a625024c3aad77b869');
INSERT INTO "requests" VALUES(6,'main',0,'teach:cot',6,'cot',0,3347445346127914204,'366abe0e7cb266dfbe58f6c8a64478c7308ebcbf6cf2c7354b549037e7a37551');
INSERT INTO "requests" VALUES(7,'main',0,'teach:l2m',1,'l2m',0,5726934628723189328,'19127f01829f0c6551247903004bcdfdbac3e7a46fe34784ee98b7db600b3d6f');
INSERT INTO "requests" VALUES(8,'main',0,'teach:l2m',2,'l2m',0,8580690646636976676,'e0b3d45ad3b4d621d8f2f320c2215c50586f13f6e67d8169464a96c9a898c969');
INSERT INTO "requests" VALUES(9,'main',0,'teach:l2m',3,'l2m',0,4867806818158637780,'d40f6754b0f22d9904c47b09a871eb36510fa2b8f57adeeb6b7429d93568d74a');
INSERT INTO "requests" VALUES(10,'main',0,'teach:l2m',4,'l2m',0,5148781547036607297,'127e65f04f59b4b39c0018464f56175ceb53574621c11dcbbab50576a40092fc');
INSERT INTO "requests" VALUES(11,'main',0,'teach:l2m',5,'l2m',0,5965216365205106429,'acca61f3773dcd569613979377958b949ea19247f6b58a9c8f549f79e104d37c');
INSERT INTO "requests" VALUES(12,'main',0,'teach:l2m',6,'l2m',0,8650737860945277088,'37ab65c6741ea5135d5a92206aa0d74448c917bead7d7d4426407899d0c3aa20');
INSERT INTO "requests" VALUES(13,'main',0,'teach:pot',1,'pot',0,9113960938452010271,'4a324b4a75233de8bd4b7b7b1856df7e3820dfbe6d481a2dbe082e141e9c70fc');
INSERT INTO "requests" VALUES(14,'main',0,'teach:pot',2,'pot',0,5072394126859155843,'73c590c013d80bcb2655b21f921dbdc49ba087b063915c0a6928b38b57a30fb9');
INSERT INTO "requests" VALUES(15,'main',0,'teach:pot',3,'pot',0,9194593473468411444,'b2c771471dde409c84ad174ccc4fef6b9846a3a206f270d3e76732bff45fc624');
INSERT INTO "requests" VALUES(16,'main',0,'teach:pot',4,'pot',0,6478423364407127874,'1b3e673f00d2d9b71d5dfe67e57a49c61b122946154cf8103bb149e5d2e54a8a');
INSERT INTO "requests" VALUES(17,'main',0,'teach:pot',5,'pot',0,1381268358127875549,'db0ad8b5fd711e216120e828b61d4e035b729faae8b30286a094afe8535351a2');
INSERT INTO "requests" VALUES(18,'main',0,'teach:pot',6,'pot',0,8092603870605045067,'5f4545c305c2d9819048f6b10454fe8b504e9c5e8eb7f0e30333cdd97666c927');
INSERT INTO "requests" VALUES(19,'main',0,'free:dev',7,'',0,5894929977270942421,'117b0a410322d0553c5db3d198e4877da213e1abcd969917eb96e49ff0c2d14d');
INSERT INTO "requests" VALUES(20,'main',0,'free:dev',8,'',0,8414368392102109890,'cfbbf6722d973f74ec5f3a7d0fb32fbdc840ea0666cb57649d3ade27243723d2');
INSERT INTO "requests" VALUES(21,'main',0,'free:dev',9,'',0,6422439102887780575,'6e47f982819cd324d1920f1e6ad67c19a61799565e04c82d638c6ef036ce1358');
INSERT INTO "requests" VALUES(22,'main',0,'free:dev',10,'',0,4595521493570115609,'519f58b92e264183347c12cca9edde71f2c1b19fa4bbadcc66770a2cbd023c97');
INSERT INTO "requests" VALUES(23,'main',0,'forced:dev',7,'cot',0,9200221747807433639,'c913e45e0164e6c975e61f24fee2598e648b33860b69549867ebd21cd14dea5e');
INSERT INTO "requests" VALUES(24,'main',0,'forced:dev',7,'l2m',0,430459467450511520,'d42dddcfa968478bda7deb5af1380740fd0acb276caf05e43b0d11cd0d49c032');
INSERT INTO "requests" VALUES(25,'main',0,'forced:dev',7,'pot',0,3567121392308309190,'c44d63d03952346ecd3a9f87945360f84b3244dde2e0175a75152af47aaaf194');
INSERT INTO "requests" VALUES(26,'main',0,'forced:dev',8,'cot',0,1392193239053542326,'de095ca7c30d1eab676c43463e0224c76d3494146e3a812d88c255571b708514');
INSERT INTO "requests" VALUES(27,'main',0,'forced:dev',8,'l2m',0,2999268554283454042,'a65adf2ae07c986b8b7df429072da41a5c02a8e2e10cb7395dcded8c3e6f4f87');
INSERT INTO "requests" VALUES(28,'main',0,'forced:dev',8,'pot',0,8437992398969404199,'643637bf1d470feecfb9aaa06863eb4b21503c98c261ec5e806f3a47afacd66a');
INSERT INTO "requests" VALUES(29,'main',0,'forced:dev',9,'cot',0,1679231909886756771,'be29dc862377dd4605d47907d955d0ec6b3b1ea4e727cb40e84e7bc6afb3112f');
INSERT INTO "requests" VALUES(30,'main',0,'forced:dev',9,'l2m',0,2526032784988613178,'77a8fcfb1802d4826ba0a816dbc1cd017f75864a50e2c7eef905c3ed38ab0db2');
INSERT INTO "requests" VALUES(31,'main',0,'forced:dev',9,'pot',0,5525945111696505662,'dbae7d9c94c53a80764304ccc2d99dd5d98af4e4e4ad22f4cab8ba96866f6793');
INSERT INTO "requests" VALUES(32,'main',0,'forced:dev',10,'cot',0,2356760742910315511,'c9e191acd7037834540cc259d7e580b9af6d6c4cc7a1280c6aa856c60f2f12fa');
INSERT INTO "requests" VALUES(33,'main',0,'forced:dev',10,'l2m',0,3392140339407102048,'d065fc93ceab5043080778241a03e30d9cc8ed2cbe53427f04fa7deff21e77c7');
INSERT INTO "requests" VALUES(34,'main',0,'forced:dev',10,'pot',0,1062697718614544607,'17d0498994acf7049a45e105258758441e3f0b2484dbad4f0a217bf17c9eb9cc');
INSERT INTO "requests" VALUES(35,'main',0,'free:additions',11,'',0,6134795997384407000,'fdbb3a8d1fe226c54cb46bb773aea9d6ef87070f4ed34274590a40241d536735');
INSERT INTO "requests" VALUES(36,'main',0,'free:additions',12,'',0,2431848384305614998,'46bd08c548ca6662fe8737aff6d56320995ed71950fb9e82de44ea40e0dfb8e2');
INSERT INTO "requests" VALUES(37,'main',0,'free:additions',13,'',0,2606749814295274170,'8c72cd3a6ec14d3ad5bc31cb9c08448451f552eec90802aef3850c905e5d6499');
INSERT INTO "requests" VALUES(38,'main',1,'sample',1,'cot',0,7241458647383423864,'ea0a80289effe44cef71e481e2b6968ccf6f87b410a101175d81e260b251bc3e');
INSERT INTO "requests" VALUES(39,'main',1,'sample',1,'cot',1,7042182935894393925,'32dd25d188650e7955b51d53fa09485d75f5fd0aacec32e310315a4b11da7bc5');
INSERT INTO "requests" VALUES(40,'main',1,'sample',1,'l2m',0,5408650346294342065,'720d4ad839894b8e662257c44557b3ccab39d65d73cb866969e346b69f680e66');
INSERT INTO "requests" VALUES(41,'main',1,'sample',1,'l2m',1,5000689497929273333,'6d4fb4cf1939ecd94f617855eacafa306e260eff1517d69b6e306d7acbcf2995');
INSERT INTO "requests" VALUES(42,'main',1,'sample',1,'pot',0,3577730601478216681,'592ac16d2b412799c9f659f8fd575714ab1242d9c67f7390008eeecd3ab2ec59');
INSERT INTO "requests" VALUES(43,'main',1,'sample',1,'pot',1,4468788336759849379,'dec6f261e53c72c1d0a996fbb42710d4c2e3bb8fcf3662312d3e74cd59dc5e43');
INSERT INTO "requests" VALUES(44,'main',1,'sample',2,'cot',0,3687224497411113816,'368cc29b0c71ea2719085996a60c639caf42e3ec1545e4e4e4b5ba71d3a31673');
INSERT INTO "requests" VALUES(45,'main',1,'sample',2,'cot',1,9044326482145507180,'50508b2726930019e564c7b5ed82fce528844ec9f8a0120bf432efe16029ee83');
INSERT INTO "requests" VALUES(46,'main',1,'sample',2,'l2m',0,3256846225021903728,'00944365a671989917a84a7d75411eeed13b6d01aff1528e2e04f1aa67b52f0c');
INSERT INTO "requests" VALUES(47,'main',1,'sample',2,'l2m',1,7724455087253965796,'033425cc067c6a47df2c6796fa5b9e36e118059b729e9c9f99e4cc7fd9b8fa38');
INSERT INTO "requests" VALUES(48,'main',1,'sample',2,'pot',0,7109088623295550579,'e7ed6a3b20aaede04aaf77792d08a3503a9d11e9661d9b26f7cc0cb16d246eb9');
INSERT INTO "requests" VALUES(49,'main',1,'sample',2,'pot',1,5540316823514500025,'00a362228b5b69c294e4b4ec3cfaa4e51fee3ccff817f0269f7f1a20207dc114');
INSERT INTO "requests" VALUES(50,'main',1,'sample',3,'cot',0,2765151643807105564,'69fba6d8885ec5035358fb3752ec7cfff34c8b5406e88848e3b9c0103f853955');
INSERT INTO "requests" VALUES(51,'main',1,'sample',3,'cot',1,3665084960509343805,'d3785f81a4ba0bd3829c2a85910f3f1bdd134450ebf8ac6c847cc54d6ded1df3');
INSERT INTO "requests" VALUES(52,'main',1,'sample',3,'l2m',0,346422943822096772,'1da0937f298a1fbdedececc8691b5db5b0f02aa5bfe6db790355fdcabccfff59');
INSERT INTO "requests" VALUES(53,'main',1,'sample',3,'l2m',1,8423633539619180784,'e6832ee178970db5e9363c2b98970c05353e3de91f16ec33207b1a43d137a730');
INSERT INTO "requests" VALUES(54,'main',1,'sample',3,'pot',0,1349385328353076935,'2b0f34f0421ad58e200df8f4c80200d804e89873e3bb32fbf461adb413c9988c');
INSERT INTO "requests" VALUES(55,'main',1,'sample',3,'pot',1,6232548582201141949,'3bc3fd08447897b02dad19500a3fca28fbd871d4ff8dda28c378816dcadf26c9');
INSERT INTO "requests" VALUES(56,'main',1,'sample',4,'cot',0,5286905869112267161,'3405022d09d42e306897b08351c2da520f823fab8bdd46d8f49871bf132e5ae5');
INSERT INTO "requests" VALUES(57,'main',1,'sample',4,'cot',1,4202630242235419019,'6f342227c344144d4cd86704f5b757704e5792412fb322793cde76ed05af5d2c');
INSERT INTO "requests" VALUES(58,'main',1,'sample',4,'l2m',0,52156808932594989,'99b9d94233ba639d83aa686e89e9a4c28a2ff62d14843b7a157573c638593bdc');
INSERT INTO "requests" VALUES(59,'main',1,'sample',4,'l2m',1,5333652275333129732,'b52e961ca8b96e5dfce193cb6781605bf5fadc5e97578b453dbf8fa754ff41a3');
INSERT INTO "requests" VALUES(60,'main',1,'sample',4,'pot',0,8595879389975104243,'39336f92d1f88c84ad0780e94743f8bab9cea7eb5ed94f859e6f85772b0aa940');
INSERT INTO "requests" VALUES(61,'main',1,'sample',4,'pot',1,9148755338318609507,'6d9a0a90387f90bbec331f27e6e1163cc311decff7a6eed1b507a41e85d4a1a5');
INSERT INTO "requests" VALUES(62,'main',1,'sample',5,'cot',0,4615478373075692938,'18a9611124bdbf700de107fdfe28b5dda482ade3666ec6fb19d18259cffaf061');
INSERT INTO "requests" VALUES(63,'main',1,'sample',5,'cot',1,1868806796311896254,'bbf88fdc24e1f1956d7411021c856c82ebefe0a818be0fc91333524ef6a963c6');
INSERT INTO "requests" VALUES(64,'main',1,'sample',5,'l2m',0,2982291923239038152,'717fd0ad1d211505559e8429b8dce85076a08afaaea48d1b56e3a87235b05644');
INSERT INTO "requests" VALUES(65,'main',1,'sample',5,'l2m',1,1222995528713143614,'6ce965af6639ef3f512672c442ba8a132f440939a08e3d8d0b587f61d305f95a');
INSERT INTO "requests" VALUES(66,'main',1,'sample',5,'pot',0,6585039579690734881,'76d40b5ff26ea9c662faf7dd659dc9c51dffee7c00de86256e8d8e7d528baf75');
INSERT INTO "requests" VALUES(67,'main',1,'sample',5,'pot',1,5297717277351675043,'441d96d99380b62961ab16dc84dbb02d7271a654fd9f562cac90b642ed465aaa');
INSERT INTO "requests" VALUES(68,'main',1,'sample',6,'cot',0,456360262980502143,'8756f6bd0791022c70b98b55075fcf4ac833ebe40e36fa1793d37ef3a6bded98');
INSERT INTO "requests" VALUES(69,'main',1,'sample',6,'cot',1,243858781853284058,'3b7be6459f3f76b08ac86d4aecf6391553bec1fdaf5ee4c4aa04e7024ba19942');
INSERT INTO "requests" VALUES(70,'main',1,'sample',6,'l2m',0,3182050948184796961,'5bf6e3d04283ac59c8212974e76398bfd5f78f98ab4ca4e99026e2003f975064');
INSERT INTO "requests" VALUES(71,'main',1,'sample',6,'l2m',1,3209571046010352532,'08c9a4f52a150863a15c01eaa2804b2a14c78adf6aa89c74cbb6e7022436f4cd');
INSERT INTO "requests" VALUES(72,'main',1,'sample',6,'pot',0,8814495009072449901,'3d7d18c3da8407d5b9a31508810e619266a5862cbeb15aae3b222589f958c36e');
INSERT INTO "requests" VALUES(73,'main',1,'sample',6,'pot',1,7786064762952855967,'d629e00713b7aee24226e5562ea139fc1a19616f9cf3731641e248b72e5a230f');
INSERT INTO "requests" VALUES(74,'main',1,'free:dev',7,'',0,637291895932714066,'94e11d03b50521613e85cd6c15dc8969fdc826a688df075518445a73fdc2be1b');
INSERT INTO "requests" VALUES(75,'main',1,'free:dev',8,'',0,3336940344311015012,'4cc009eff7a2bd723042244b1d3d289fa3f27dd82000ca934fd50e252270ea9a');
INSERT INTO "requests" VALUES(76,'main',1,'free:dev',9,'',0,3481578112380940640,'164b2dc0b22c73a92633ff01ebd67ae9945439cac99c14b3599cf766847e3949');
INSERT INTO "requests" VALUES(77,'main',1,'free:dev',10,'',0,4247292602469908110,'330272ce354c91978ae4a477910d2d3383df95af4dbc15d9a0ca21038baa95dc');
INSERT INTO "requests" VALUES(78,'main',1,'forced:dev',7,'cot',0,4107856528825240762,'25aa86d0f628b88ecaabd372e30c648a24eeebdb027ada803d1fbf0ff1078ca2');
INSERT INTO "requests" VALUES(79,'main',1,'forced:dev',7,'l2m',0,7250534397529643171,'7344801a5c3d092702e4b65af5cb2d88d0a28e975522d0d84470dcd4560de0db');
INSERT INTO "requests" VALUES(80,'main',1,'forced:dev',7,'pot',0,8659348084451975440,'9027c113d64484f9ff94b17d326288eec106d1bf724b2f2d3119be5aea37e87c');
INSERT INTO "requests" VALUES(81,'main',1,'forced:dev',8,'cot',0,3068256547403732974,'7b722bbd1f6971aee0280a976cefb28f9528ca98a729a93fbecd12305e37cb3c');
INSERT INTO "requests" VALUES(82,'main',1,'forced:dev',8,'l2m',0,5093408021203448556,'4452a47394a23c26aed746c548510afd1e3b4a80bda0fe1d0891b7f6ed67f035');
INSERT INTO "requests" VALUES(83,'main',1,'forced:dev',8,'pot',0,3380005662690045467,'cf4e6183976dcbe429594c6d8cee40ff4a52cf296ef6279c0ff644a40d227074');
INSERT INTO "requests" VALUES(84,'main',1,'forced:dev',9,'cot',0,6166133494018300446,'f3c76943362ad147aee2532a084f54315101b9af96bc9a13d5db4cec5c8815a2');
INSERT INTO "requests" VALUES(85,'main',1,'forced:dev',9,'l2m',0,3135321950929295843,'8d2ea76984c75cfa70d4582e8634de9615248c6f707f4853382bb252380bfa63');
INSERT INTO "requests" VALUES(86,'main',1,'forced:dev',9,'pot',0,1090440694508313859,'3b8177aa283dee31f8a2f616fd8a8da5baab282db25cff62e5915604363415e9');
INSERT INTO "requests" VALUES(87,'main',1,'forced:dev',10,'cot',0,2303512530028064302,'677b5d94d18f11987dbfcfd3f86147a91697f43e21475c8b8d3a8b70e08597b8');
INSERT INTO "requests" VALUES(88,'main',1,'forced:dev',10,'l2m',0,528296866964600895,'91fb44e48e31798cfa69b3e6c7b4114dcd1b32fe5b31b2c66f89fe620c3276ef');
INSERT INTO "requests" VALUES(89,'main',1,'forced:dev',10,'pot',0,7328967035009122370,'ba522fefd3ae9dec3c10d4f563602cef8b820ed8e45a62b82027dea217336233');
INSERT INTO "requests" VALUES(90,'main',1,'free:additions',11,'',0,7960226776928966357,'7ea345252fb897e0839c2bdb53b97d536f43548b7a6ab1ba9fcfdc5dd0f7dc88');
INSERT INTO "requests" VALUES(91,'main',1,'free:additions',12,'',0,6442063558650990084,'8d96bd6bb4b073d79555bec899dba5f2689d7aad41dce998388fac9694b2e852');
INSERT INTO "requests" VALUES(92,'main',1,'free:additions',13,'',0,7749343907965840955,'fb248815c5826210ecbe274af08accbb26b7f4dada2dbc978d6838494a69f2f2');
INSERT INTO "requests" VALUES(93,'equal-steps',1,'free:dev',7,'',0,637291895932714066,'1683f42880c24da167cb51b4e3f0472cf051b6ef3d581f292e9bcbbe09e1d2e1');
INSERT INTO "requests" VALUES(94,'equal-steps',1,'free:dev',8,'',0,3336940344311015012,'0c2a2c5286c17b76e9db3430df37eb760c67e7c24b9e690f2af5bbbe2ceb0e8b');
INSERT INTO "requests" VALUES(95,'equal-steps',1,'free:dev',9,'',0,3481578112380940640,'94d772327fc58236c7c62418a8cced5b645bb967858ec8208d9bc5358c78993a');
INSERT INTO "requests" VALUES(96,'equal-steps',1,'free:dev',10,'',0,4247292602469908110,'efebf23b09d7a58025ab49b4286db6ffaa01f346c2c33b33aa143aaec492e4f1');
INSERT INTO "requests" VALUES(97,'equal-steps',1,'forced:dev',7,'cot',0,4107856528825240762,'fe4749fbcf67149de311ee185216750414f5c80a86e03afb3662acc47815053b');
INSERT INTO "requests" VALUES(98,'equal-steps',1,'forced:dev',7,'l2m',0,7250534397529643171,'7bca5b3b656e68691753e32ebe261d6bc5a1024eae9c30fbf9b7163cb9d0d552');
INSERT INTO "requests" VALUES(99,'equal-steps',1,'forced:dev',7,'pot',0,8659348084451975440,'7d0f582e8cc8372cced4e91c6e76ea71506ef30b19d0ead0d8417d3cc7c5368c');
INSERT INTO "requests" VALUES(100,'equal-steps',1,'forced:dev',8,'cot',0,3068256547403732974,'fbd7bdefc3870f0f71ceadb73ef1788f822185530ec10c8bc9737fcbed72c65b');
INSERT INTO "requests" VALUES(101,'equal-steps',1,'forced:dev',8,'l2m',0,5093408021203448556,'32c8e0d5c2b1ad02b0aed3f289d4b54ae1fa91ce968be743d178b307865247f1');
INSERT INTO "requests" VALUES(102,'equal-steps',1,'forced:dev',8,'pot',0,3380005662690045467,'603d1906706eea608fe3e78fbb5a692de70e1c6cf2a169ef7a98969f95fd479d');
INSERT INTO "requests" VALUES(103,'equal-steps',1,'forced:dev',9,'cot',0,6166133494018300446,'7d39f64e6ddf58faf848d53d8ffd0e994289e58fceac1351871c29c5016b5c10');
INSERT INTO "requests" VALUES(104,'equal-steps',1,'forced:dev',9,'l2m',0,3135321950929295843,'4c582a186a2856ddd502477507acbc0726b85d8be528b7f6307ef0ce5110603d');
INSERT INTO "requests" VALUES(105,'equal-steps',1,'forced:dev',9,'pot',0,1090440694508313859,'66bde3d83b28fbc27d5c88e6d6505e96f533a992cb76d3d9038a1a1dad2750f6');
INSERT INTO "requests" VALUES(106,'equal-steps',1,'forced:dev',10,'cot',0,2303512530028064302,'0620e14ee709a50102ae07a771ba48bec0b659830fb232e0edc50af149ff43ab');
INSERT INTO "requests" VALUES(107,'equal-steps',1,'forced:dev',10,'l2m',0,528296866964600895,'5d5ce9cd69412f95864264ee811fef0e0a8846fac2f50565e8e4f145ca13c4aa');
INSERT INTO "requests" VALUES(108,'equal-steps',1,'forced:dev',10,'pot',0,7328967035009122370,'7d821f74bae4b8d5e7f0cacf06438261b71c0374a6f63094ce7609d9fce2db59');
INSERT INTO "requests" VALUES(109,'equal-steps',1,'free:additions',11,'',0,7960226776928966357,'d07326ba5aa882572787f4b159afbe499b52cf565663e67fac186e17e2cff928');
INSERT INTO "requests" VALUES(110,'equal-steps',1,'free:additions',12,'',0,6442063558650990084,'a423b18c8e559c0062fc8242a9df7b3d2b335cd1261d27ba1b4701a09f199a7e');
INSERT INTO "requests" VALUES(111,'equal-steps',1,'free:additions',13,'',0,7749343907965840955,'53fe3ada1afdb01f85d65d4fdccc469e599ec38ec9193089e85323482b79a9db');
CREATE TABLE steps (                       -- a row means: finished
    id INTEGER PRIMARY KEY,
    track TEXT NOT NULL,
    iteration INTEGER NOT NULL,
    step TEXT NOT NULL,
    seconds REAL NOT NULL,                 -- of the process that finished it; earlier parts are events
    UNIQUE (track, iteration, step)
) STRICT;
INSERT INTO "steps" VALUES(1,'main',0,'prepare',5.19207100001040089409e-03);
INSERT INTO "steps" VALUES(2,'main',0,'teach',6.69134106999990763142e-01);
INSERT INTO "steps" VALUES(3,'main',0,'mix',1.40885000018897699192e-03);
INSERT INTO "steps" VALUES(4,'main',0,'train',2.21510672000022168504e-01);
INSERT INTO "steps" VALUES(5,'main',0,'evaluate',2.13408409999829018488e-02);
INSERT INTO "steps" VALUES(6,'main',0,'choice',9.07315999938873574137e-04);
INSERT INTO "steps" VALUES(7,'main',0,'test',5.00555400003577233292e-03);
INSERT INTO "steps" VALUES(8,'main',1,'sample',1.15288889999192178947e-02);
INSERT INTO "steps" VALUES(9,'main',1,'verify',1.2315555999975913437e-02);
INSERT INTO "steps" VALUES(10,'main',1,'mix',9.81501699993714282754e-03);
INSERT INTO "steps" VALUES(11,'main',1,'train',2.46472850001282495213e-02);
INSERT INTO "steps" VALUES(12,'main',1,'evaluate',1.67797269998573028715e-02);
INSERT INTO "steps" VALUES(13,'main',1,'choice',2.71006000002671498805e-03);
INSERT INTO "steps" VALUES(14,'main',1,'test',6.37168000002930057235e-03);
INSERT INTO "steps" VALUES(15,'equal-steps',1,'mix',7.67067999959181179292e-04);
INSERT INTO "steps" VALUES(16,'equal-steps',1,'train',1.49316260001342016039e-02);
INSERT INTO "steps" VALUES(17,'equal-steps',1,'evaluate',1.78361129999302647775e-02);
INSERT INTO "steps" VALUES(18,'equal-steps',1,'choice',7.95269000036569195799e-04);
INSERT INTO "steps" VALUES(19,'equal-steps',1,'test',7.11595400002806854899e-03);
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
INSERT INTO "students" VALUES(1,'main',0,'students/0','5504a2b77b36b5f7dee0e2f2b7eef833ac57b4a96d86f5e06f9e63c87b5d41da',1,122,0.49,12,0);
INSERT INTO "students" VALUES(2,'main',1,'students/1','6563df634c20c9c09b11b755e384c45f06e6a195d921cf3fd5f449d0a5155102',2,174,3.42999999999999971578e-01,16,0);
INSERT INTO "students" VALUES(3,'equal-steps',1,'students/equal-steps-1','976aa039ff550c16eb5239bd2a463387c8da6ea2bfdbd9b29b464b6053f62aff',2,122,3.42999999999999971578e-01,12,0);
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
INSERT INTO "tag_scores" VALUES(25,'equal-steps',1,7,'cot',-6.2177051771771751909e-01);
INSERT INTO "tag_scores" VALUES(26,'equal-steps',1,7,'l2m',-1.04948123477320165441e+00);
INSERT INTO "tag_scores" VALUES(27,'equal-steps',1,7,'pot',-4.35147196635190880442e+00);
INSERT INTO "tag_scores" VALUES(28,'equal-steps',1,8,'cot',-1.93603540113555472323e+00);
INSERT INTO "tag_scores" VALUES(29,'equal-steps',1,8,'l2m',-4.80748168528712715996e-01);
INSERT INTO "tag_scores" VALUES(30,'equal-steps',1,8,'pot',-1.98482556530498688296e+00);
INSERT INTO "tag_scores" VALUES(31,'equal-steps',1,9,'cot',-8.27238954258252556783e-01);
INSERT INTO "tag_scores" VALUES(32,'equal-steps',1,9,'l2m',-1.6700625342505350801e+00);
INSERT INTO "tag_scores" VALUES(33,'equal-steps',1,9,'pot',-1.2927683031090670962e+00);
INSERT INTO "tag_scores" VALUES(34,'equal-steps',1,10,'cot',-1.95468983670735907409e+00);
INSERT INTO "tag_scores" VALUES(35,'equal-steps',1,10,'l2m',-7.84618584057104495599e-01);
INSERT INTO "tag_scores" VALUES(36,'equal-steps',1,10,'pot',-1.19700413500984259584e+00);
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
INSERT INTO "verdicts" VALUES(1,1,'numeric','1','{}','wrong','75','final-answer/different','','','','');
INSERT INTO "verdicts" VALUES(2,7,'numeric','1','{}','wrong','75','final-answer/different','','','','');
INSERT INTO "verdicts" VALUES(3,13,'numeric','1','{}','correct','74','value/exact','','monty','ok','');
INSERT INTO "verdicts" VALUES(4,2,'numeric','1','{}','wrong','159','final-answer/different','','','','');
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
INSERT INTO "verdicts" VALUES(16,6,'numeric','1','{}','wrong','141','final-answer/different','','','','');
INSERT INTO "verdicts" VALUES(17,12,'numeric','1','{}','wrong','141','final-answer/different','','','','');
INSERT INTO "verdicts" VALUES(18,18,'numeric','1','{}','wrong','141','value/different','','monty','ok','');
INSERT INTO "verdicts" VALUES(19,19,'numeric','1','{}','correct','100','final-answer/exact','','','','');
INSERT INTO "verdicts" VALUES(20,20,'numeric','1','{}','correct','118','final-answer/exact','','','','');
INSERT INTO "verdicts" VALUES(21,21,'numeric','1','{}','correct','86','final-answer/exact','','','','');
INSERT INTO "verdicts" VALUES(22,22,'numeric','1','{}','correct','124','final-answer/exact','','','','');
INSERT INTO "verdicts" VALUES(23,23,'numeric','1','{}','wrong','101','final-answer/different','','','','');
INSERT INTO "verdicts" VALUES(24,24,'numeric','1','{}','correct','100','final-answer/exact','','','','');
INSERT INTO "verdicts" VALUES(25,25,'numeric','1','{}','wrong','101','value/different','','monty','ok','');
INSERT INTO "verdicts" VALUES(26,26,'numeric','1','{}','wrong','119','final-answer/different','','','','');
INSERT INTO "verdicts" VALUES(27,27,'numeric','1','{}','correct','118','final-answer/exact','','','','');
INSERT INTO "verdicts" VALUES(28,28,'numeric','1','{}','correct','118','value/exact','','monty','ok','');
INSERT INTO "verdicts" VALUES(29,29,'numeric','1','{}','wrong','87','final-answer/different','','','','');
INSERT INTO "verdicts" VALUES(30,30,'numeric','1','{}','wrong','87','final-answer/different','','','','');
INSERT INTO "verdicts" VALUES(31,31,'numeric','1','{}','correct','86','value/exact','','monty','ok','');
INSERT INTO "verdicts" VALUES(32,32,'numeric','1','{}','correct','124','final-answer/exact','','','','');
INSERT INTO "verdicts" VALUES(33,33,'numeric','1','{}','correct','124','final-answer/exact','','','','');
INSERT INTO "verdicts" VALUES(34,34,'numeric','1','{}','correct','124','value/exact','','monty','ok','');
INSERT INTO "verdicts" VALUES(35,35,'numeric','1','{}','wrong','69','final-answer/different','','','','');
INSERT INTO "verdicts" VALUES(36,36,'numeric','1','{}','correct','45','final-answer/exact','','','','');
INSERT INTO "verdicts" VALUES(37,37,'numeric','1','{}','wrong','113','final-answer/different','','','','');
INSERT INTO "verdicts" VALUES(38,38,'numeric','1','{}','correct','74','final-answer/exact','','','','');
INSERT INTO "verdicts" VALUES(39,39,'numeric','1','{}','wrong','75','final-answer/different','','','','');
INSERT INTO "verdicts" VALUES(40,40,'numeric','1','{}','correct','74','final-answer/exact','','','','');
INSERT INTO "verdicts" VALUES(41,41,'numeric','1','{}','wrong','75','final-answer/different','','','','');
INSERT INTO "verdicts" VALUES(42,42,'numeric','1','{}','wrong','75','value/different','','monty','ok','');
INSERT INTO "verdicts" VALUES(43,43,'numeric','1','{}','wrong','75','value/different','','monty','ok','');
INSERT INTO "verdicts" VALUES(44,44,'numeric','1','{}','wrong','159','final-answer/different','','','','');
INSERT INTO "verdicts" VALUES(45,45,'numeric','1','{}','wrong','159','final-answer/different','','','','');
INSERT INTO "verdicts" VALUES(46,46,'numeric','1','{}','wrong','159','final-answer/different','','','','');
INSERT INTO "verdicts" VALUES(47,47,'numeric','1','{}','wrong','159','final-answer/different','','','','');
INSERT INTO "verdicts" VALUES(48,48,'numeric','1','{}','correct','158','value/exact','','monty','ok','');
INSERT INTO "verdicts" VALUES(49,49,'numeric','1','{}','wrong','159','value/different','','monty','ok','');
INSERT INTO "verdicts" VALUES(50,50,'numeric','1','{}','correct','69','final-answer/exact','','','','');
INSERT INTO "verdicts" VALUES(51,51,'numeric','1','{}','wrong','70','final-answer/different','','','','');
INSERT INTO "verdicts" VALUES(52,52,'numeric','1','{}','wrong','70','final-answer/different','','','','');
INSERT INTO "verdicts" VALUES(53,53,'numeric','1','{}','correct','69','final-answer/exact','','','','');
INSERT INTO "verdicts" VALUES(54,54,'numeric','1','{}','wrong','70','value/different','','monty','ok','');
INSERT INTO "verdicts" VALUES(55,55,'numeric','1','{}','correct','69','value/exact','','monty','ok','');
INSERT INTO "verdicts" VALUES(56,56,'numeric','1','{}','wrong','85','final-answer/different','','','','');
INSERT INTO "verdicts" VALUES(57,57,'numeric','1','{}','wrong','85','final-answer/different','','','','');
INSERT INTO "verdicts" VALUES(58,58,'numeric','1','{}','wrong','85','final-answer/different','','','','');
INSERT INTO "verdicts" VALUES(59,59,'numeric','1','{}','correct','84','final-answer/exact','','','','');
INSERT INTO "verdicts" VALUES(60,60,'numeric','1','{}','correct','84','value/exact','','monty','ok','');
INSERT INTO "verdicts" VALUES(61,61,'numeric','1','{}','wrong','85','value/different','','monty','ok','');
INSERT INTO "verdicts" VALUES(62,62,'numeric','1','{}','correct','159','final-answer/exact','','','','');
INSERT INTO "verdicts" VALUES(63,63,'numeric','1','{}','wrong','160','final-answer/different','','','','');
INSERT INTO "verdicts" VALUES(64,64,'numeric','1','{}','wrong','160','final-answer/different','','','','');
INSERT INTO "verdicts" VALUES(65,65,'numeric','1','{}','wrong','160','final-answer/different','','','','');
INSERT INTO "verdicts" VALUES(66,66,'numeric','1','{}','correct','159','value/exact','','monty','ok','');
INSERT INTO "verdicts" VALUES(67,67,'numeric','1','{}','wrong','160','value/different','','monty','ok','');
INSERT INTO "verdicts" VALUES(68,68,'numeric','1','{}','wrong','141','final-answer/different','','','','');
INSERT INTO "verdicts" VALUES(69,69,'numeric','1','{}','wrong','141','final-answer/different','','','','');
INSERT INTO "verdicts" VALUES(70,70,'numeric','1','{}','wrong','141','final-answer/different','','','','');
INSERT INTO "verdicts" VALUES(71,71,'numeric','1','{}','correct','140','final-answer/exact','','','','');
INSERT INTO "verdicts" VALUES(72,72,'numeric','1','{}','wrong','141','value/different','','monty','ok','');
INSERT INTO "verdicts" VALUES(73,73,'numeric','1','{}','correct','140','value/exact','','monty','ok','');
INSERT INTO "verdicts" VALUES(74,74,'numeric','1','{}','wrong','101','value/different','','monty','ok','');
INSERT INTO "verdicts" VALUES(75,75,'numeric','1','{}','correct','118','final-answer/exact','','','','');
INSERT INTO "verdicts" VALUES(76,76,'numeric','1','{}','wrong','87','value/different','','monty','ok','');
INSERT INTO "verdicts" VALUES(77,77,'numeric','1','{}','correct','124','final-answer/exact','','','','');
INSERT INTO "verdicts" VALUES(78,78,'numeric','1','{}','wrong','101','final-answer/different','','','','');
INSERT INTO "verdicts" VALUES(79,79,'numeric','1','{}','correct','100','final-answer/exact','','','','');
INSERT INTO "verdicts" VALUES(80,80,'numeric','1','{}','wrong','101','value/different','','monty','ok','');
INSERT INTO "verdicts" VALUES(81,81,'numeric','1','{}','correct','118','final-answer/exact','','','','');
INSERT INTO "verdicts" VALUES(82,82,'numeric','1','{}','correct','118','final-answer/exact','','','','');
INSERT INTO "verdicts" VALUES(83,83,'numeric','1','{}','wrong','119','value/different','','monty','ok','');
INSERT INTO "verdicts" VALUES(84,84,'numeric','1','{}','correct','86','final-answer/exact','','','','');
INSERT INTO "verdicts" VALUES(85,85,'numeric','1','{}','correct','86','final-answer/exact','','','','');
INSERT INTO "verdicts" VALUES(86,86,'numeric','1','{}','correct','86','value/exact','','monty','ok','');
INSERT INTO "verdicts" VALUES(87,87,'numeric','1','{}','wrong','125','final-answer/different','','','','');
INSERT INTO "verdicts" VALUES(88,88,'numeric','1','{}','wrong','125','final-answer/different','','','','');
INSERT INTO "verdicts" VALUES(89,89,'numeric','1','{}','correct','124','value/exact','','monty','ok','');
INSERT INTO "verdicts" VALUES(90,90,'numeric','1','{}','correct','68','final-answer/exact','','','','');
INSERT INTO "verdicts" VALUES(91,91,'numeric','1','{}','correct','45','final-answer/exact','','','','');
INSERT INTO "verdicts" VALUES(92,92,'numeric','1','{}','wrong','113','final-answer/different','','','','');
INSERT INTO "verdicts" VALUES(93,93,'numeric','1','{}','correct','100','value/exact','','monty','ok','');
INSERT INTO "verdicts" VALUES(94,94,'numeric','1','{}','wrong','119','final-answer/different','','','','');
INSERT INTO "verdicts" VALUES(95,95,'numeric','1','{}','wrong','87','final-answer/different','','','','');
INSERT INTO "verdicts" VALUES(96,96,'numeric','1','{}','correct','124','final-answer/exact','','','','');
INSERT INTO "verdicts" VALUES(97,97,'numeric','1','{}','wrong','101','final-answer/different','','','','');
INSERT INTO "verdicts" VALUES(98,98,'numeric','1','{}','correct','100','final-answer/exact','','','','');
INSERT INTO "verdicts" VALUES(99,99,'numeric','1','{}','correct','100','value/exact','','monty','ok','');
INSERT INTO "verdicts" VALUES(100,100,'numeric','1','{}','wrong','119','final-answer/different','','','','');
INSERT INTO "verdicts" VALUES(101,101,'numeric','1','{}','correct','118','final-answer/exact','','','','');
INSERT INTO "verdicts" VALUES(102,102,'numeric','1','{}','correct','118','value/exact','','monty','ok','');
INSERT INTO "verdicts" VALUES(103,103,'numeric','1','{}','correct','86','final-answer/exact','','','','');
INSERT INTO "verdicts" VALUES(104,104,'numeric','1','{}','wrong','87','final-answer/different','','','','');
INSERT INTO "verdicts" VALUES(105,105,'numeric','1','{}','correct','86','value/exact','','monty','ok','');
INSERT INTO "verdicts" VALUES(106,106,'numeric','1','{}','wrong','125','final-answer/different','','','','');
INSERT INTO "verdicts" VALUES(107,107,'numeric','1','{}','wrong','125','final-answer/different','','','','');
INSERT INTO "verdicts" VALUES(108,108,'numeric','1','{}','correct','124','value/exact','','monty','ok','');
INSERT INTO "verdicts" VALUES(109,109,'numeric','1','{}','correct','68','final-answer/exact','','','','');
INSERT INTO "verdicts" VALUES(110,110,'numeric','1','{}','correct','45','final-answer/exact','','','','');
INSERT INTO "verdicts" VALUES(111,111,'numeric','1','{}','wrong','113','value/different','','monty','ok','');
CREATE TABLE verifiers (                   -- who judges from here on; the last of a role counts
    id INTEGER PRIMARY KEY,
    role TEXT NOT NULL CHECK (role IN ('labels', 'scores')),
    verifier TEXT NOT NULL,
    version TEXT NOT NULL,
    options TEXT NOT NULL
) STRICT;
INSERT INTO "verifiers" VALUES(1,'labels','numeric','1','{}');
INSERT INTO "verifiers" VALUES(2,'scores','numeric','1','{}');
CREATE INDEX requests_by_key ON requests (key);
CREATE VIEW current_rationale AS
SELECT * FROM rationales AS r
WHERE attempt = (SELECT max(attempt) FROM rationales AS other WHERE other.request = r.request);
CREATE VIEW current_verifier AS
SELECT role, verifier, version, options FROM verifiers AS v
WHERE id = (SELECT max(id) FROM verifiers AS other WHERE other.role = v.role);
CREATE VIEW current_verdict AS
SELECT * FROM verdicts AS v
WHERE (verifier, version, options) = (
    SELECT c.verifier, c.version, c.options FROM current_verifier AS c WHERE c.role = (
        SELECT CASE WHEN q.step = 'sample' OR q.step LIKE 'teach:%' THEN 'labels' ELSE 'scores' END
        FROM rationales AS r JOIN requests AS q ON q.id = r.request WHERE r.id = v.rationale
    )
);
CREATE VIEW current_evaluation AS
SELECT * FROM evaluations
WHERE (verifier, version, options) = (
    SELECT verifier, version, options FROM current_verifier WHERE role = 'scores'
);
COMMIT;
