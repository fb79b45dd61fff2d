/**
 * The kinds of trouble that alerts tell of, as data. Words are those of the rules that many
 * installations run (mixins of Kubernetes, node, blackbox and database exporters, of GPUs and
 * services of language models); a phrase matches its words in this order, with few others between.
 * Of two phrases that are as long as each other the one of the earlier category counts.
 */
import { causes } from "./taxonomy-causes.ts";
import { kind } from "./taxonomy-kind.ts";

const resources = {
  dns: kind(
    28,
    `dns, dns errors, dns resolution, dns failures, dns latency, dns lookup, dns timeouts,
     servfail, nxdomain, name resolution, resolver errors, d n s`,
    "resolver, nameserver",
  ),
  network: kind(
    27,
    `network, packet loss, packets, network errors, network latency, network partition,
     cluster partition, network unavailable, network unreachable, network receive errors,
     network transmit errors, network throughput, network usage, bandwidth usage,
     network saturated, network interface, network card, interface down, interface flapping,
     bandwidth, link down, receive errs, transmit errs, tcp retransmits, tcp retransmissions,
     conntrack, bgp, bgp session down, vpn tunnel, tunnel down, route table, zone unreachable,
     region unreachable, nat gateway, round trip time, icmp, ping`,
    "interface, link, tcp",
  ),
  node: kind(
    30,
    `node not ready, node unreachable, node down, node pressure, node lost, node unhealthy,
     node cordoned, node readiness flapping, node eviction, host unreachable, host down,
     host unhealthy, machine down, machine not running, instance terminated, vm down, droplet down,
     kernel panic, kernel deadlock, reboot, host rebooted, host restarted, kubelet, kubelet down,
     kubelet too many pods, not enough nodes, spot interruption, pid pressure, systemd unit,
     systemd service failed, systemd service crashed, evicts pods`,
    "node, host, machine, kernel",
  ),
  storage: kind(
    32,
    `storage latency, storage errors, disk latency, disk read latency, disk write latency,
     disk read, disk write, disk io, disk i o, i o errors, io errors, io wait, iowait,
     io saturation, disk saturation, disk queue, volume errors, volume latency,
     persistent volume errors, persistent volume claim, volume attach, mount failed,
     volume unavailable, volume stuck, fsync, wal fsync, commit duration, backend commit,
     write stalls, iops, read ahead, object store, objstore, bucket operation, osd, osd down,
     placement group, pg down, pg unavailable, ceph`,
    "disk, storage, volume, filesystem, bucket",
  ),
  gpu: kind(
    33,
    `gpu memory, gpu utilization, gpu usage, gpu, gpu memory high, kv cache, kv cache usage, vram,
     cuda, cuda error, framebuffer, dcgm, tensor core, accelerator`,
  ),
  replication: kind(
    34,
    `replication, replication lag, replication broken, replication stopped, replica lag,
     replica behind, under replicated, under replicated partitions, broker under replicated,
     offline partitions, partition offline, in sync replicas, isr, slave lag, slave not running,
     slave io, slave sql, standby lag, replication delay, wal receiver, unassigned shards,
     relocating shards, initializing shards, cluster red, cluster yellow, red cluster,
     yellow cluster, shard unassigned, missing replicas, replication slot, disconnected slaves,
     lacks replicas, secondary lag`,
  ),
  memory: kind(
    36,
    `memory, memory usage, memory pressure, memory high, memory overcommit, memory above request,
     heap, heap usage, swap usage, jvm memory, swap, swapping, page faults, memory saturation,
     garbage collection, gc pause, gc duration, gc overhead, major page faults`,
    "mem, gc",
  ),
  cpu: kind(
    37,
    `cpu, cpu usage, cpu throttled, cpu throttling, throttling, throttled, cpu overcommit,
     cpu load, cpu steal, high load, load average, system load, context switching, run queue`,
    "load",
  ),
  database: kind(
    42,
    `deadlock, dead lock, lock wait, locks acquired, long transaction, long running transaction,
     long running query, slow query, slow queries, query latency, query latency high, vacuum,
     table not vacuumed, bloat, dead tuples, rollback rate, transaction id wraparound,
     xid wraparound, transaction wraparound, compaction, tombstone, commitlog, checkpoint,
     table not analyzed, index corrupt, temporary tables`,
    "database, postgres, postgresql, mysql, mongodb, redis, cassandra, elasticsearch, query",
  ),
  connections: kind(
    44,
    `connections, connections exhausted, connections high, connection limit approaching,
     too many connections, max connections, connection pool, pool exhausted, pool saturated,
     no free connection, rejected connections, connection refused, connection errors,
     connection failures, file descriptors, fd exhaustion, fds, sockets, ephemeral ports,
     port exhaustion, thread pool, threads blocked, threads running, client connections, sessions`,
    "connection, pool, thread",
  ),
  cache: kind(
    46,
    `cache, cache hit, cache hit rate, hit ratio, hit rate, cache evictions, evictions,
     evicted keys, evicts keys, cache misses, memcached`,
  ),
  queue: kind(
    48,
    `queue, queue depth, queue size, queue length, queue full, channel depth, queue filling up,
     consumer lag, consumergroup lag, lag high, broker, broker down, no consumer, dead letter,
     too many messages, messages unacked, unacknowledged messages, message age, messages wait,
     partition lag, requests waiting, requests wait, pending tasks, stream lag, topic lag,
     kafka consumers group`,
    "kafka, rabbitmq, lag, topic, messages",
  ),
  availability: kind(
    35,
    `down, unavailable, unreachable, target down, service down, instance down, endpoint down,
     target missing, target disappeared, absent, outage, probe failed, probe failure, probe flaky,
     probes failed, health check, unhealthy, healthcheck failed, not healthy, check flapping,
     flapping, not responding, offline, missing, disappeared, dead, stopped, not running,
     does not answer, blackbox probe, cluster health, all targets missing, job missing`,
    "probe, health, alive, degraded",
  ),
  job: kind(
    50,
    `job failed, job not completed, job completion, job missed, cron job, cronjob, job slow,
     job running, batch job, workflow, task failed, dag failed, cron job missed, nightly job`,
    "job, cron, batch",
  ),
  monitoring: kind(
    68,
    `scrape, scrape slow, scrape errors, scrape failed, watchdog, dead mans switch, exporter down,
     exporter, prometheus, alertmanager, metrics missing, rule evaluation, rule failures,
     remote write, collector, log volume, log rate, telemetry, tsdb, logging, tracing,
     heartbeat missed, heartbeat`,
    "logs, metrics",
  ),
} as const;

const symptoms = {
  workload: kind(
    50,
    `crash loop, crash looping, crash loop back off, crashloop, crashing, crashed, restart,
     restarts, restarted, pod restarting, pod not ready, pod not healthy, pod pending,
     container waiting, container killed, container terminated, pod failed, pod evicted,
     replicas mismatch, replicas unavailable, deployment replicas, stateful set down, daemon set,
     daemon set not scheduled, misscheduled, not scheduled, unschedulable, pods unschedulable,
     pod stuck, not ready, readiness, readiness check, liveness, panic, panics, segfault, pdb,
     pod disruption budget, autorecovered, pods unhealthy, task failing`,
    "pod, container, deployment, replicas, replica, kubernetes, kube",
  ),
  saturation: kind(
    52,
    `saturated, saturation, maxed out, hpa maxed, at capacity, over capacity, capacity, overload,
     overloaded, scaled to max, max replicas, hpa scale, scaling failed, backpressure,
     back pressure, exhausted, concurrency limit, circuit breaker, circuit open, load shed,
     autoscaler, unable to scale, overcommit, utilization, high usage`,
    "usage, limit",
  ),
  throughput: kind(
    54,
    `throughput, throughput low, token throughput, tokens per second, token rate, request rate low,
     no traffic, no requests, ingestion rate, no new documents, low throughput, no data`,
  ),
  backlog: kind(
    56,
    `backlog, backlog growing, falling behind, behind, tasks pending, pending, delayed, stale,
     not progressing, no progress, staleness, freshness, data freshness, stuck`,
  ),
  retries: kind(
    58,
    `retry, retries, retries high, retry rate, retried, tried again, reconnects`,
  ),
  latency: kind(
    60,
    `latency, latency high, slow, slow requests, response time, request duration, duration,
     timeouts, timeout, time out, timed out, deadline, deadline exceeded, time to first token,
     ttft, inter token latency, first token, p 50, p 90, p 95, p 99, apdex, page load,
     processing time, execution time, wait time, stall time, takes too long, delay`,
  ),
  errors: kind(
    62,
    `error, errors, error rate, error ratio, failures, failure rate, failed requests,
     requests fail, fail, failing, 5 xx, 4 xx, 500, 502, 503, 504, exception, exceptions,
     success rate, http status, rejected, refused, aborted, dropped, invalid, corrupt, corruption,
     context length exceeded`,
    "errs, err, fault, bad",
  ),
  output_quality: kind(
    66,
    `hallucination, hallucination rate, hallucinates, toxicity, toxicity rate, toxic, faithfulness,
     groundedness, schema violation, schema violations high, output schema, invalid json,
     malformed, parse failures, refusal, refusal rate, refusals, bias, guardrail,
     guardrail blocked, content filter, unsafe output, unsafe, moderation, tool call errors,
     tool call, relevance, citation, retrieval recall, coherence, safety violation, answer quality,
     contradicts, empty completion`,
  ),
} as const;

const feedback = {
  slo: kind(
    80,
    `slo, error budget, error budget burn, budget burn, burn rate, burns budget, sla, sla breach,
     slo breach, slo violation, slo burn, availability objective, service level`,
  ),
  user_feedback: kind(
    85,
    `thumbs down, thumbs down rate, regenerations, regeneration, regenerated, user feedback,
     complaints, user reports, csat, nps, negative feedback, support tickets, tickets, churn,
     abandonment, abandoned, bounce rate, conversion, conversion dropped, checkout rate,
     voted down, downvotes, customer reported`,
    "customers, users",
  ),
} as const;

/**
 * A role says what trouble elsewhere explains:
 *   cause     happens of itself: nothing upstream explains it
 *   resource  may cause or suffer
 *   symptom   suffers from something
 *   feedback  what users and their budgets notice last
 */
export type CategoryRole = "cause" | "resource" | "symptom" | "feedback";

export const taxonomy = {
  cause: causes,
  resource: resources,
  symptom: symptoms,
  feedback,
} as const;
