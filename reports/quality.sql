-- Alert quality in one row. {since_ms:Int64}: beginning of the window, ms since the epoch.
--
-- received         alerts that were accepted; rejected ones are counted apart
-- dedup_rate       1 - incidents that alerts opened / alerts received: how much quieter it became
-- noise_ratio      of the incidents opened in the window that have ended (resolved or closed), the
--                  share that nobody acknowledged, worked on or resolved: they needed nobody
-- mtta_*_ms        from an incident's beginning until somebody first acknowledged it or began to
--                  work on it
-- mttr_*_ms        from an incident's beginning until it was first resolved, by anybody or by
--                  itself
-- Incidents that were merged into another count as opened, but neither as ended nor as resolved.
with
    fromUnixTimestamp64Milli({since_ms:Int64}, 'UTC') as since,
    incidents as
    (
        select
            incident_id,
            min(created_at) as began,
            argMax(status, version) as last_status,
            countIf(event = 'opened' and by = 'alerts') > 0 as by_alerts,
            countIf(event in ('acknowledged', 'investigating', 'identified')) > 0 as taken,
            minIf(time, event in ('acknowledged', 'investigating', 'identified')) as taken_at,
            countIf(event = 'resolved') > 0 as was_resolved,
            minIf(time, event = 'resolved') as resolved_at,
            countIf(event = 'resolved' and by not in ('alerts', 'timer')) > 0 as by_hand
        from tocsin.incident_events
        where time >= since
        group by incident_id
        having countIf(event = 'opened') > 0
    ),
    alerts as
    (
        select
            sumIf(received, kind != 'rejected') as accepted,
            sumIf(received, kind = 'rejected') as refused,
            countIf(kind = 'opened') as occurrences
        from tocsin.alert_events
        where time >= since
    )
select
    (select accepted from alerts) as received,
    (select refused from alerts) as rejected,
    (select occurrences from alerts) as occurrences,
    count() as opened,
    if(received = 0, null, 1 - countIf(by_alerts) / received) as dedup_rate,
    countIf(last_status in ('resolved', 'closed')) as ended,
    if(ended = 0, null,
        countIf(last_status in ('resolved', 'closed') and not taken and not by_hand) / ended
    ) as noise_ratio,
    countIf(taken) as acknowledged,
    countIf(was_resolved) as resolved,
    avgOrNullIf(date_diff('millisecond', began, taken_at), taken) as mtta_mean_ms,
    quantileExactInclusiveOrNullIf(0.5)(date_diff('millisecond', began, taken_at), taken)
        as mtta_median_ms,
    avgOrNullIf(date_diff('millisecond', began, resolved_at), was_resolved) as mttr_mean_ms,
    quantileExactInclusiveOrNullIf(0.5)(date_diff('millisecond', began, resolved_at), was_resolved)
        as mttr_median_ms
from incidents
