alter table tocsin.incident_events
    add column if not exists severity_score UInt16 comment 'Severity score after the event in whole points, 0 to 100; 0 where scores are off' after severity,
    add column if not exists severity_level LowCardinality(String) comment 'Level that the score says, such as SEV2; empty where scores are off' after severity_score;

alter table tocsin.incident_states
    add column if not exists severity_score UInt16 comment 'Severity score in whole points, 0 to 100; 0 where scores are off' after severity,
    add column if not exists severity_level LowCardinality(String) comment 'Level that the score says, such as SEV2; empty where scores are off' after severity_score;

create or replace view tocsin.incidents
as select * from tocsin.incident_states final
comment 'Every incident once, in its newest state; columns as in incident_states';
