-- Incidents opened in the window, by the severity they have now; worst first.
-- {since_ms:Int64}: beginning of the window, ms since the epoch. Definitions: quality.sql.
with
    fromUnixTimestamp64Milli({since_ms:Int64}, 'UTC') as since,
    incidents as
    (
        select
            argMax(severity, version) as last_severity,
            argMax(status, version) as last_status,
            min(created_at) as began,
            countIf(event in ('acknowledged', 'investigating', 'identified')) > 0 as taken,
            minIf(time, event in ('acknowledged', 'investigating', 'identified')) as taken_at,
            countIf(event = 'resolved') > 0 as was_resolved,
            minIf(time, event = 'resolved') as resolved_at,
            max(alert_count) as alerts
        from tocsin.incident_events
        where time >= since
        group by incident_id
        having countIf(event = 'opened') > 0
    )
select
    last_severity as severity,
    count() as opened,
    countIf(last_status not in ('resolved', 'closed', 'merged')) as still_open,
    countIf(taken) as acknowledged,
    countIf(was_resolved) as resolved,
    sum(alerts) as received,
    quantileExactInclusiveOrNullIf(0.5)(date_diff('millisecond', began, taken_at), taken)
        as mtta_median_ms,
    quantileExactInclusiveOrNullIf(0.5)(date_diff('millisecond', began, resolved_at), was_resolved)
        as mttr_median_ms
from incidents
group by last_severity
order by indexOf(['critical', 'high', 'medium', 'low', 'info'], last_severity)
