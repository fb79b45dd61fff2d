/**
 * Makes node_modules match package-lock.json before anything of it is needed. Plain JavaScript
 * without dependencies, for whatever Node (>= 20) the machine has.
 *
 * Not file times but contents are compared: npm records what it installed in
 * node_modules/.package-lock.json.
 */
import { spawn } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createHash } from "node:crypto";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";

const lockWaitMaxMs = 15 * 60_000;
const lockPollMs = 300;

/** @param {string} line */
export function say(line) {
  process.stderr.write(`tocsin: ${line}\n`);
}

/** The Node 22 that runs the program, from the npm package `node`. @param {string} root */
export function programNode(root) {
  return join(root, "node_modules", "node", "bin", "node");
}

/**
 * Why node_modules cannot be used as it is; null when it can.
 * @param {string} root folder of package-lock.json
 * @returns {string | null}
 */
export function installProblem(root) {
  const wanted = readPackages(join(root, "package-lock.json"));
  if (wanted === null) return "package-lock.json cannot be read";
  const installed = readPackages(join(root, "node_modules", ".package-lock.json"));
  if (installed === null) return "dependencies are not installed yet";
  for (const [path, entry] of Object.entries(wanted)) {
    if (path === "") continue;
    const found = installed[path];
    const mayBeMissing = entry.optional === true || entry.devOptional === true;
    if (found === undefined && mayBeMissing) continue;
    if (found === undefined) return `${path} is not installed`;
    if (found.version !== entry.version || found.integrity !== entry.integrity) {
      return `${path} is not the version that package-lock.json names`;
    }
  }
  if (!existsSync(programNode(root))) return "the npm package `node` has no program";
  return null;
}

/**
 * Installs what is missing, saying so on standard error; ends the process with a message when
 * that fails.
 * @param {string} root
 */
export async function ensureInstall(root) {
  if (installProblem(root) === null) return;
  const release = await takeLock(root);
  try {
    const problem = installProblem(root);
    if (problem === null) return;
    say(`${problem}: running npm ci in ${root} (a minute or two, once) …`);
    const failure = await npmCi(root);
    const left = failure ?? installProblem(root);
    if (left === null) {
      say("dependencies are installed");
      return;
    }
    say(`npm ci did not work: ${left}`);
    say("what to do: see npm's messages above; check the network and the npm registry setting");
    say("(npm config get registry), then run `npm ci` here yourself and start again");
    process.exitCode = 1;
  } finally {
    release();
  }
  process.exit();
}

/** @param {string} root @returns {Promise<string | null>} why it failed */
function npmCi(root) {
  const quiet = ["--no-audit", "--no-fund", "--loglevel=error"];
  const args = ["ci", ...quiet, "--include=dev", "--include=optional"];
  // A script's PATH begins with node_modules/.bin, which npm ci is about to delete.
  const path = (process.env.PATH ?? "")
    .split(delimiter)
    .filter((dir) => !dir.endsWith(join("node_modules", ".bin")))
    .join(delimiter);
  return new Promise((resolve) => {
    const npm = spawn("npm", args, {
      cwd: root,
      env: { ...process.env, PATH: path },
      stdio: ["ignore", 2, 2],
    });
    npm.once("error", (error) => resolve(`npm cannot be run (${error.message})`));
    npm.once("exit", (code, signal) => {
      resolve(code === 0 ? null : `it ended with ${code ?? signal}`);
    });
  });
}

/** One install at a time. @param {string} root @returns {Promise<() => void>} */
async function takeLock(root) {
  const name = createHash("sha256").update(root).digest("hex").slice(0, 16);
  const dir = join(tmpdir(), `tocsin-install-${name}`);
  const deadlineMs = Date.now() + lockWaitMaxMs;
  for (let told = false; Date.now() < deadlineMs; ) {
    try {
      mkdirSync(dir);
      writeFileSync(join(dir, "pid"), String(process.pid));
      return () => rmSync(dir, { recursive: true, force: true });
    } catch (error) {
      if (error.code !== "EEXIST") throw error;
    }
    const holder = holderOf(dir);
    if (holder !== null && !isAlive(holder)) rmSync(dir, { recursive: true, force: true });
    else if (!told) say(`another start is installing the dependencies; waiting for it …`);
    told = true;
    await new Promise((resolve) => setTimeout(resolve, lockPollMs));
  }
  say(`gave up waiting for another install; if there is none, delete ${dir}`);
  process.exit(1);
}

/** @param {string} dir @returns {number | null} */
function holderOf(dir) {
  try {
    return Number(readFileSync(join(dir, "pid"), "utf8")) || null;
  } catch {
    return null;
  }
}

/** @param {number} pid */
function isAlive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === "EPERM";
  }
}

/** @param {string} file @returns {Record<string, any> | null} */
function readPackages(file) {
  try {
    return JSON.parse(readFileSync(file, "utf8")).packages ?? null;
  } catch {
    return null;
  }
}
