-- The journal of a run: rows are added, never changed. One writer.
-- Order within a table by id is the order in which things happened; canonical() ignores it.

CREATE TABLE facts (                       -- what is fixed for the whole run
    key TEXT PRIMARY KEY,
    value TEXT NOT NULL                    -- JSON
) STRICT;

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
CREATE INDEX requests_by_key ON requests (key);

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

CREATE TABLE verifiers (                   -- who judges from here on; the last of a role counts
    id INTEGER PRIMARY KEY,
    role TEXT NOT NULL CHECK (role IN ('labels', 'scores')),
    verifier TEXT NOT NULL,
    version TEXT NOT NULL,
    options TEXT NOT NULL
) STRICT;

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

CREATE TABLE mixture_rows (
    mixture INTEGER NOT NULL REFERENCES mixtures (id),
    position INTEGER NOT NULL,
    rationale INTEGER NOT NULL REFERENCES rationales (id),
    weight REAL NOT NULL,                  -- what its rationale counts in the loss, and the row in shares
    tag_weight REAL,                       -- what its tag counts in the loss; NULL: as the rationale
    reason TEXT NOT NULL,
    PRIMARY KEY (mixture, position)
) STRICT, WITHOUT ROWID;

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

CREATE TABLE training_log (                -- what a training told on its way; decides nothing
    id INTEGER PRIMARY KEY,
    track TEXT NOT NULL,
    iteration INTEGER NOT NULL,
    step INTEGER NOT NULL,                 -- optimiser steps done; told again after a kill
    steps INTEGER NOT NULL,                -- of so many
    loss REAL NOT NULL,                    -- mean since it was last told, nats a token
    learning_rate REAL,
    gradient_norm REAL,                    -- before clipping
    tokens_per_second REAL,                -- read by the model
    seconds REAL NOT NULL                  -- since the training began or went on
) STRICT;
CREATE INDEX training_log_by_step ON training_log (track, iteration, step);

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

CREATE TABLE tag_scores (                  -- how probable a student finds each strategy's tag, dev only
    id INTEGER PRIMARY KEY,
    track TEXT NOT NULL,
    iteration INTEGER NOT NULL,
    problem INTEGER NOT NULL REFERENCES problems (id),
    strategy TEXT NOT NULL,
    logprob REAL NOT NULL,                 -- of the whole tag after the prompt, nats
    UNIQUE (track, iteration, problem, strategy)
) STRICT;

CREATE TABLE steps (                       -- a row means: finished
    id INTEGER PRIMARY KEY,
    track TEXT NOT NULL,
    iteration INTEGER NOT NULL,
    step TEXT NOT NULL,
    seconds REAL NOT NULL,                 -- of the process that finished it; earlier parts are events
    UNIQUE (track, iteration, step)
) STRICT;

CREATE TABLE events (                      -- what a person wants to know afterwards; decides nothing
    id INTEGER PRIMARY KEY,
    time REAL NOT NULL,
    kind TEXT NOT NULL,
    data TEXT NOT NULL
) STRICT;

-- How each request ended: the last of its attempts.
CREATE VIEW current_rationale AS
SELECT * FROM rationales AS r
WHERE attempt = (SELECT max(attempt) FROM rationales AS other WHERE other.request = r.request);

-- Of steps that were trained twice, the later training.
CREATE VIEW current_training_log AS
SELECT * FROM training_log AS l
WHERE id = (
    SELECT max(id) FROM training_log AS other
    WHERE (other.track, other.iteration, other.step) = (l.track, l.iteration, l.step)
);

CREATE VIEW current_verifier AS
SELECT role, verifier, version, options FROM verifiers AS v
WHERE id = (SELECT max(id) FROM verifiers AS other WHERE other.role = v.role);

-- What the current verifier says: the labeller of what is trained on, else the one that scores. One
-- table with a condition and no join, so that SQLite merges it into a query also behind a LEFT JOIN.
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
