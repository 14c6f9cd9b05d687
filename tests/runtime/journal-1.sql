-- What mlopsc wrote before journals had leases: `iterdump` of a finished and an unfinished run, of another machine.
BEGIN TRANSACTION;
CREATE TABLE plans (digest text primary key, json text not null) strict;
INSERT INTO "plans" VALUES('sha256:015abd7f5cc57a2dd94b7590f04ad8084273905ee33ec5cebeae62276a97f862','{"a":1}');
CREATE TABLE runs (
    id text primary key, pipeline text not null, spec text not null, environment text,
    parameters text not null, plan text references plans (digest), status text not null,
    started text not null, ended text, exit_code integer, host text not null,
    boot text not null, namespace text not null, pid integer not null, born text not null
) strict;
INSERT INTO "runs" VALUES('20261126-010945-9d8e','train','mlops.yaml','prod','{"n": 1}','sha256:015abd7f5cc57a2dd94b7590f04ad8084273905ee33ec5cebeae62276a97f862','succeeded','2026-11-26T01:09:45.759505+00:00','2026-11-26T01:09:45.794787+00:00',0,'elsewhere','00000000-0000-4000-8000-000000000001','pid:[4026531836]',11583,'175764');
INSERT INTO "runs" VALUES('20261126-010945-ksxs','train','mlops.yaml',NULL,'{}',NULL,'running','2026-11-26T01:09:45.802970+00:00',NULL,NULL,'elsewhere','00000000-0000-4000-8000-000000000001','pid:[4026531836]',11583,'175764');
CREATE TABLE steps (
    run text not null references runs (id), position integer not null, name text not null,
    operation text not null, status text not null, started text, seconds real,
    outputs text not null default '{}', error text, log text, key text,
    primary key (run, name)
) strict, without rowid;
INSERT INTO "steps" VALUES('20261126-010945-9d8e',0,'load_a','load','cached',NULL,NULL,'{"data": "sha256:aa"}',NULL,NULL,'k1');
INSERT INTO "steps" VALUES('20261126-010945-9d8e',1,'train','train','run','2026-11-26T01:09:45.779086+00:00',1.5,'{"model": "sha256:bb"}',NULL,'train.log','k2');
INSERT INTO "steps" VALUES('20261126-010945-ksxs',0,'load_a','load','running','2026-11-26T01:09:45.812943+00:00',NULL,'{}',NULL,NULL,NULL);
CREATE INDEX runs_status on runs (status);
COMMIT;
PRAGMA user_version = 1;
