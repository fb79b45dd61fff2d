/**
 * Texts of alerts for judging embeddings: of each three, the first two tell of one trouble in other
 * words and with other numbers, the third of another trouble of the same service or model, or of
 * the same trouble of another service.
 */
export const textTriples: [text: string, same: string, other: string][] = [
  [
    "p95 latency of checkout is 4.2 s, threshold 2 s",
    "Latency of checkout above 2 s: p95 3.7 s",
    "p95 latency of search is 4.2 s, threshold 2 s",
  ],
  [
    "pod payments-7d9f8b6c5-xkqzt is crash looping, restarted 12 times",
    "payments pod payments-7d9f8b6c5-abcde crash looping (5 restarts)",
    "pod payments-7d9f8b6c5-xkqzt uses 95 % of its memory",
  ],
  [
    "Certificate of edge-proxy expired 20 min ago",
    "The TLS certificate for edge-proxy has expired",
    "edge-proxy answers 20 % of requests with 502",
  ],
  [
    "postgres-users: replication lag is 300 s",
    "Replica of postgres-users is 245 s behind, replication lag",
    "postgres-users has 498 of 500 connections",
  ],
  [
    "15 % of DNS look-ups in eu-west-1 get SERVFAIL",
    "DNS look-ups failing in eu-west-1: SERVFAIL rate 43 %",
    "15 % of packets between zones of eu-west-1 are lost",
  ],
  [
    "disk of kafka-3 is full: 98 % in use",
    "kafka-1 disk almost full, 97 % in use",
    "consumers of kafka are 98000 messages behind",
  ],
  [
    "gpt-4 hallucination rate is 6.2 % over the last hour",
    "Hallucination rate of gpt-4 high: 7 % of answers",
    "gpt-4 error rate is 6.2 % over the last hour",
  ],
  [
    "GPU 3 of gpu-17 is out of memory, 79.8 of 80 GiB used by llama-70b",
    "CUDA out of memory on gpu-22, llama-70b uses 79.1 GiB of GPU memory",
    "GPU 3 of gpu-17 is at 88 °C",
  ],
  [
    "provider openai answers 429 to 40 % of calls, rate limit reached",
    "Rate limit of provider openai reached: 429 on 22 % of calls",
    "provider openai takes 9 s for a first token",
  ],
  [
    "checkout error rate 12 %, more than 5 % of requests fail",
    "Error rate of checkout is 8 %: requests fail",
    "checkout was deployed: version 1.2.3",
  ],
  [
    "node gpu-17 not ready for 5 min",
    "Node gpu-20 has been NotReady for 3 minutes",
    "backup of gpu-17 took 5 h",
  ],
  [
    "spend of tenant acme is $900/h, usual is $100/h",
    "Hourly spend of acme is $1200/h, usual $90/h",
    "requests of tenant acme are throttled",
  ],
  [
    "queue of embedding-jobs grows: 90000 messages waiting",
    "embedding-jobs queue has 120000 waiting messages and grows",
    "embedding-jobs answers are of low quality",
  ],
  [
    "accuracy of claude-x on the evaluation set dropped to 71 %",
    "claude-x accuracy dropped: evaluation set 68 %",
    "cost per request of claude-x rose to $0.4",
  ],
  [
    "cache hit rate of redis-sessions is 20 %",
    "redis-sessions hit rate of the cache dropped to 12 %",
    "redis-sessions moved its primary, 20 s without writes",
  ],
  [
    "api-gateway burns its error budget 14x too fast",
    "Error budget burn of api-gateway: 10x too fast",
    "api-gateway certificate expires in 9 days",
  ],
  [
    "vector-db host vector-db-host-42 does not answer pings",
    "Host vector-db-host-17 of vector-db unreachable, pings get no answer",
    "vector-db compaction takes 3 h",
  ],
  [
    "CPU of web-console throttled 45 % of the time",
    "web-console CPU throttling at 60 %",
    "a nightly job of web-console did not run",
  ],
  [
    "search-index: slow queries, p99 of queries 12 s",
    "p99 of queries to search-index is 9 s (slow queries)",
    "search-index snapshot failed",
  ],
  [
    "connection pool of identity exhausted, 0 of 50 free",
    "identity has no free connection in its pool (50 of 50 used)",
    "identity login page traffic surge: 9x usual",
  ],
  [
    "toxicity of answers of mistral-7b is 0.12",
    "mistral-7b answers toxic: toxicity score 0.14",
    "mistral-7b tokens per second low: 4",
  ],
  [
    "rollout of completion-api v2.3.1 failed, errors at 30 %",
    "completion-api rollout v2.3.2 failing with errors 22 %",
    "completion-api tool calls are malformed",
  ],
  [
    "object-store writes take 2400 ms, storage latency",
    "storage latency of object-store: writes take 1800 ms",
    "object-store bucket quota is 95 % used",
  ],
  [
    "time to first token of llama-70b is 9 s",
    "first token of llama-70b after 12 s (time to first token)",
    "llama-70b schema violations: 12 % of outputs do not parse",
  ],
];
