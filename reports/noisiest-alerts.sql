-- Which alerts sent the most, repeats included: the first candidates for a better threshold.
-- {since_ms:Int64}: beginning of the window, ms since the epoch.
-- occurrences: how often one began to fire; fingerprints: distinct label sets behind the name.
with fromUnixTimestamp64Milli({since_ms:Int64}, 'UTC') as since
select
    alertname,
    service,
    sum(received) as alerts,
    sum(received) / sum(sum(received)) over () as share,
    countIf(kind = 'opened') as occurrences,
    uniqExact(fingerprint) as fingerprints
from tocsin.alert_events
where time >= since and kind != 'rejected'
group by alertname, service
having alerts > 0
order by alerts desc, alertname, service
limit 10
