-- The event log: what the steps of both stages said, one row per output, never changed afterwards.
-- A row's home is (step_seq, idx): the sequence of its step in the JetStream stream STEPS, and its
-- place in that step. fsync_after_insert: once the sink has moved on, the log may forget the step.

create table tocsin.alert_events
(
    time DateTime64(3, 'UTC') comment 'When it happened, by the time of the log; the end of a roll-up''s interval',
    kind LowCardinality(String) comment 'opened, changed, refreshed (a roll-up of unchanged repeats), resolved or rejected',
    received UInt64 comment 'Alerts that senders sent for this row; sum(received) is everything ever accepted or rejected, each alert once',
    tenant LowCardinality(String) comment 'Label tenant_id or tenant; "default" without one',
    environment LowCardinality(String) comment 'Label environment or env; "default" without one',
    service LowCardinality(String) comment 'Label service, service_name, app or job; "unknown" without one',
    alertname LowCardinality(String) comment 'Label alertname; empty without one',
    severity LowCardinality(String) comment 'Label severity as the sender wrote it; incidents have it normalised',
    fingerprint String comment 'Identity of the alert, 16 hexadecimal digits; empty for rejected ones',
    domain LowCardinality(String) comment 'Correlation domain: alerts of different domains never meet in one incident',
    starts_at Nullable(DateTime64(3, 'UTC')) comment 'Start time of the alert (opened, changed)',
    ends_at Nullable(DateTime64(3, 'UTC')) comment 'End time as known then (opened, changed, refreshed), or when it ended (resolved)',
    rolled_up_from Nullable(DateTime64(3, 'UTC')) comment 'First repeat that a roll-up counts (refreshed)',
    resolved_by LowCardinality(String) comment 'sender, end time, or unmatched: a resolve for an alert that was not firing (resolved)',
    occurrence_total UInt64 comment 'Alerts received from open to resolve (resolved)',
    reason LowCardinality(String) comment 'Why it was refused, one of a few words (rejected)',
    detail String comment 'Why it was refused, in full (rejected)',
    labels Map(LowCardinality(String), String) comment 'All labels (opened, changed)',
    annotations Map(LowCardinality(String), String) comment 'All annotations (opened, changed)',
    generator_url String comment 'Link back to the sender (opened, changed)',
    dedup_key Nullable(String) comment 'The sender''s own identity for the alert, if it gave one (opened, changed)',
    partition UInt16 comment 'Dedup partition',
    step_seq UInt64 comment 'Sequence of the step in the stream STEPS',
    idx UInt32 comment 'Place in the step, from 0',
    index by_step step_seq type minmax granularity 1,
    index by_fingerprint fingerprint type bloom_filter granularity 4
)
engine = MergeTree
partition by toYYYYMM(time)
order by (tenant, service, alertname, time)
settings
    non_replicated_deduplication_window = 1000,
    fsync_after_insert = 1,
    fsync_part_directory = 1
comment 'Everything that happened to alerts. Repeats are rolled up: count alerts with sum(received), occurrences with countIf(kind = ''opened'')';

create table tocsin.alerts
(
    fingerprint String comment 'Identity of the alert, 16 hexadecimal digits',
    seen_at DateTime64(3, 'UTC') comment 'When this version of the alert arrived',
    tenant LowCardinality(String) comment 'As in alert_events',
    environment LowCardinality(String) comment 'As in alert_events',
    service LowCardinality(String) comment 'As in alert_events',
    alertname LowCardinality(String) comment 'As in alert_events',
    severity LowCardinality(String) comment 'As in alert_events',
    labels Map(LowCardinality(String), String) comment 'All labels',
    annotations Map(LowCardinality(String), String) comment 'All annotations',
    generator_url String comment 'Link back to the sender',
    step_seq UInt64 comment 'Sequence of the step in the stream STEPS'
)
engine = ReplacingMergeTree(step_seq)
order by fingerprint
settings fsync_after_insert = 1, fsync_part_directory = 1
comment 'The newest body of every alert, by fingerprint. Read it with FINAL: older versions linger until they are merged away';

create table tocsin.incident_events
(
    time DateTime64(3, 'UTC') comment 'When it happened, by the time of the log',
    incident_id String comment 'The incident',
    event LowCardinality(String) comment 'opened, alertJoined, alertResolved, counted, acknowledged, resolved, escalated, notified, delivered, commandRefused, …',
    by LowCardinality(String) comment 'Who or what caused it: a person or program by name, or alerts, escalation, timer, delivery',
    because String comment 'Why, in one sentence',
    detail Map(LowCardinality(String), String) comment 'What is particular to the event: receiver, level, fingerprint, …',
    tenant LowCardinality(String) comment 'As in alert_events',
    environment LowCardinality(String) comment 'As in alert_events',
    service LowCardinality(String) comment 'As in alert_events',
    severity LowCardinality(String) comment 'critical, high, medium, low or info, after the event',
    status LowCardinality(String) comment 'triggered, acknowledged, investigating, identified, resolved, closed or merged, after the event',
    title String comment 'Title after the event',
    created_at DateTime64(3, 'UTC') comment 'When the incident began',
    alert_count UInt64 comment 'Alerts received for it so far, repeats included',
    fingerprint_count UInt64 comment 'Distinct alerts that ever belonged to it',
    firing_count UInt64 comment 'Distinct alerts of it that were firing after the event',
    version UInt64 comment 'Counts the changes of the incident',
    partition UInt16 comment 'Incident partition',
    step_seq UInt64 comment 'Sequence of the step in the stream STEPS',
    idx UInt32 comment 'Place in the step, from 0',
    index by_step step_seq type minmax granularity 1,
    index by_incident incident_id type bloom_filter granularity 4
)
engine = MergeTree
partition by toYYYYMM(time)
order by (tenant, event, time)
settings
    non_replicated_deduplication_window = 1000,
    fsync_after_insert = 1,
    fsync_part_directory = 1
comment 'Every step of every incident: the timeline, who did what and why';

create table tocsin.incident_states
(
    id String comment 'The incident',
    status LowCardinality(String) comment 'triggered, acknowledged, investigating, identified, resolved, closed or merged',
    severity LowCardinality(String) comment 'critical, high, medium, low or info',
    title String comment 'One line for people',
    description String comment 'More than one line for people',
    tenant LowCardinality(String) comment 'As in alert_events',
    environment LowCardinality(String) comment 'As in alert_events',
    service LowCardinality(String) comment 'As in alert_events',
    group_key String comment 'The grouping key that its alerts share',
    dedup_key Nullable(String) comment 'The sender''s own identity, if it gave one',
    labels Map(LowCardinality(String), String) comment 'Labels',
    annotations Map(LowCardinality(String), String) comment 'Annotations',
    alert_count UInt64 comment 'Alerts received for it, repeats included',
    fingerprint_count UInt64 comment 'Distinct alerts that ever belonged to it',
    firing_count UInt64 comment 'Distinct alerts of it that are firing',
    created_at DateTime64(3, 'UTC') comment 'When it began',
    updated_at DateTime64(3, 'UTC') comment 'When it last changed',
    acknowledged_at Nullable(DateTime64(3, 'UTC')) comment 'When somebody took it',
    acknowledged_by Nullable(String) comment 'Who took it',
    resolved_at Nullable(DateTime64(3, 'UTC')) comment 'When it was resolved',
    resolved_by Nullable(String) comment 'Who or what resolved it',
    closed_at Nullable(DateTime64(3, 'UTC')) comment 'When it was closed',
    merged_into Nullable(String) comment 'The incident that it became part of',
    cause Nullable(String) comment 'The cause that was identified',
    escalation_policy LowCardinality(String) comment 'Name of its escalation policy; empty without one',
    escalation_level UInt32 comment 'Highest level told in this round',
    escalation_round UInt32 comment 'Rounds through the levels',
    escalation_stopped_because Nullable(String) comment 'Why nobody further is told',
    version UInt64 comment 'Counts its changes'
)
engine = ReplacingMergeTree(version)
partition by toYYYYMM(created_at)
order by id
settings fsync_after_insert = 1, fsync_part_directory = 1
comment 'Versions of incidents until they are merged away; ask the view incidents instead';

create view tocsin.incidents
as select * from tocsin.incident_states final
comment 'Every incident once, in its newest state; columns as in incident_states';

create table tocsin.notifications
(
    time DateTime64(3, 'UTC') comment 'When it was decided, or when its delivery was reported',
    event LowCardinality(String) comment 'decided (a message is due), delivered, or deliveryFailed (per attempt)',
    notification_id String comment 'The message; the same in all its rows',
    incident_id String comment 'The incident it is about',
    receiver LowCardinality(String) comment 'Who is told',
    channel LowCardinality(String) comment 'How: webhook, … (delivered, deliveryFailed)',
    reason LowCardinality(String) comment 'opened, escalated, reopened or resolved (decided)',
    level UInt32 comment 'Escalation level (decided)',
    attempt UInt32 comment 'Attempts so far (delivered, deliveryFailed)',
    detail String comment 'What the channel said',
    tenant LowCardinality(String) comment 'As in alert_events',
    service LowCardinality(String) comment 'As in alert_events',
    severity LowCardinality(String) comment 'Severity of the incident then',
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
comment 'Messages to receivers and what became of them';

create table tocsin.command_outcomes
(
    time DateTime64(3, 'UTC') comment 'When it was answered, by the time of the log',
    command_id String comment 'Idempotency key of the command',
    outcome LowCardinality(String) comment 'done, conflict or notFound',
    reason String comment 'Why not (conflict, notFound)',
    incident_id String comment 'The incident; empty when there is none',
    partition UInt16 comment 'Incident partition',
    step_seq UInt64 comment 'Sequence of the step in the stream STEPS',
    idx UInt32 comment 'Place in the step, from 0',
    index by_step step_seq type minmax granularity 1
)
engine = MergeTree
partition by toYYYYMM(time)
order by time
settings
    non_replicated_deduplication_window = 1000,
    fsync_after_insert = 1,
    fsync_part_directory = 1
comment 'The answers to commands, one row per answer; who asked what is in commands';

create view tocsin.escalations
as select
    time, incident_id, event, because, detail,
    tenant, environment, service, severity, status, title
from tocsin.incident_events
where event in ('escalated', 'escalationExhausted')
comment 'Each climb of an incident to the next level, and each that ran out of levels';

create view tocsin.commands
as select
    time, incident_id, by,
    if(event = 'commandRefused', detail['command'], event) as action,
    if(event = 'commandRefused', 'refused', 'done') as outcome,
    detail['command_id'] as command_id,
    because, detail,
    tenant, environment, service, severity, status, title
from tocsin.incident_events
where by not in ('alerts', 'escalation', 'timer', 'delivery')
comment 'What people and programs did to incidents, refusals included';

alter table tocsin.commands
    comment column action 'What was asked: acknowledged, resolved, merged, noteAdded, …';

alter table tocsin.commands
    comment column outcome 'done or refused';

alter table tocsin.commands
    comment column command_id 'Idempotency key of the command, where the event tells it';
