/** The simulated ports keep the contracts; faults off, time moving by itself. */
import { Random } from "../random.ts";
import { SimScheduler } from "../sim-clock.ts";
import { noFaults, SimLink } from "../sim-link.ts";
import { SimLog, SimLogServer } from "../sim-log.ts";
import { SimPublicStream } from "../sim-public-stream.ts";
import { SimSnapshots, SimSnapshotsServer } from "../sim-snapshots.ts";
import { SimState, SimStateServer } from "../sim-state.ts";
import { SimTimers, SimTimersServer } from "../sim-timers.ts";
import { snapshotsContract, stateContract, timersContract } from "./kv-contract.ts";
import { logContract } from "./log-contract.ts";
import { publicStreamContract } from "./public-stream-contract.ts";

/** Virtual time that runs on in the background, so that tests may simply await. */
function runningWorld() {
  const scheduler = new SimScheduler(1_700_000_000_000);
  const random = new Random(7);
  let open = true;
  const running = (async () => {
    while (open) await scheduler.runFor(1);
  })();
  return {
    scheduler,
    link: (name: string) =>
      new SimLink(name, scheduler, random.fork(), { current: noFaults }),
    close: async () => {
      open = false;
      await running;
    },
  };
}

logContract("simulated", async () => {
  const world = runningWorld();
  const server = new SimLogServer(world.scheduler);
  return {
    log: new SimLog(server, world.link("one")),
    other: new SimLog(server, world.link("two")),
    close: world.close,
  };
});

publicStreamContract("simulated", async () => {
  const world = runningWorld();
  const server = new SimLogServer(world.scheduler);
  return {
    stream: new SimPublicStream(server, world.link("one"), "incidents."),
    other: new SimPublicStream(server, world.link("two"), "incidents."),
    subject: "incidents.acme.high.checkout.opened",
    close: world.close,
  };
});

timersContract("simulated", async () => {
  const world = runningWorld();
  return { port: new SimTimers(new SimTimersServer(), world.link("one")), close: world.close };
});

stateContract("simulated", async () => {
  const world = runningWorld();
  return { port: new SimState(new SimStateServer(), world.link("one")), close: world.close };
});

snapshotsContract("simulated", async () => {
  const world = runningWorld();
  const server = new SimSnapshotsServer();
  return { port: new SimSnapshots(server, world.link("one")), close: world.close };
});
