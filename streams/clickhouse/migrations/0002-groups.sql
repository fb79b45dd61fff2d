create table tocsin.group_notifications
(
    time DateTime64(3, 'UTC') comment 'When it was decided, or when its delivery was reported',
    event LowCardinality(String) comment 'decided (a message is due), delivered, failed (an attempt), or gaveUp',
    notification_id String comment 'The message; the same in all its rows',
    group_key String comment 'The group it is about: matchers of its route, then its labels',
    receiver LowCardinality(String) comment 'Who is told',
    integration LowCardinality(String) comment 'How: webhook, slack, email, pagerduty, opsgenie, …, and the position among those',
    reason LowCardinality(String) comment 'first notification, new alerts in group, some or all alerts in group resolved, repeat interval elapsed (decided)',
    status LowCardinality(String) comment 'firing or resolved (decided)',
    fingerprints Array(String) comment 'The alerts in it (decided)',
    attempt UInt32 comment 'Attempts so far (delivered, failed, gaveUp)',
    detail String comment 'What the integration said',
    partition UInt16 comment 'Incident partition',
    step_seq UInt64 comment 'Sequence of the step in the stream STEPS',
    idx UInt32 comment 'Place in the step, from 0',
    index by_step step_seq type minmax granularity 1
)
engine = MergeTree
partition by toYYYYMM(time)
order by (receiver, time)
settings
    non_replicated_deduplication_window = 1000,
    fsync_after_insert = 1,
    fsync_part_directory = 1
comment 'Messages about groups of alerts, by the routes of an Alertmanager configuration, and what became of them';

create table tocsin.silence_events
(
    time DateTime64(3, 'UTC') comment 'When it was made, changed or expired',
    silence_id String comment 'The silence',
    matchers Array(String) comment 'What it mutes',
    starts_at DateTime64(3, 'UTC') comment 'From when it mutes',
    ends_at DateTime64(3, 'UTC') comment 'Until when, exclusive',
    created_by String comment 'Who made it',
    comment String comment 'Why',
    partition UInt16 comment 'Incident partition',
    step_seq UInt64 comment 'Sequence of the step in the stream STEPS',
    idx UInt32 comment 'Place in the step, from 0',
    index by_step step_seq type minmax granularity 1
)
engine = MergeTree
partition by toYYYYMM(time)
order by (silence_id, time)
settings
    non_replicated_deduplication_window = 1000,
    fsync_after_insert = 1,
    fsync_part_directory = 1
comment 'Every state of every silence';
