// How states, times and sizes read.

export const kOver = new Set(["SUCCESS", "FAILED", "KILLED", "LOST"]);
// In the order in which somebody who looks wants them: what is wrong, what goes on, what is to come, what is over.
export const kOrder = ["FAILED", "LOST", "KILLED", "RUNNING", "FORKED", "WAITING", "", "SUCCESS"];

export function stateWord(state) {
  return state || "not started";
}

// The class of a state, for its colour.
export function stateClass(state) {
  return "s-" + (state || "none").toLowerCase();
}

export function duration(seconds) {
  if (seconds === undefined || seconds === null || !isFinite(seconds)) return "";
  const s = Math.max(0, seconds);
  if (s < 10) return s.toFixed(s < 1 ? 3 : 2) + " s";
  if (s < 60) return s.toFixed(1) + " s";
  if (s < 3600) return Math.floor(s / 60) + " min " + Math.floor(s % 60) + " s";
  if (s < 86400) return Math.floor(s / 3600) + " h " + Math.floor((s % 3600) / 60) + " min";
  return Math.floor(s / 86400) + " d " + Math.floor((s % 86400) / 3600) + " h";
}

const pad = (number, digits = 2) => String(number).padStart(digits, "0");

export function clock(seconds) {
  if (seconds === undefined || seconds === null) return "";
  const date = new Date(seconds * 1000);
  return pad(date.getHours()) + ":" + pad(date.getMinutes()) + ":" + pad(date.getSeconds()) + "." +
    pad(date.getMilliseconds(), 3);
}

export function day(seconds) {
  if (seconds === undefined || seconds === null) return "";
  const date = new Date(seconds * 1000);
  return date.getFullYear() + "-" + pad(date.getMonth() + 1) + "-" + pad(date.getDate()) + " " + clock(seconds).slice(0, 8);
}

export function ago(seconds, now) {
  const s = now - seconds;
  return s < 1 ? "just now" : duration(s).replace(/\.\d+ s$/, " s") + " ago";
}

export function bytes(count) {
  if (count === undefined) return "";
  let number = count;
  for (const unit of ["B", "kB", "MB", "GB"]) {
    if (number < 1000 || unit === "GB") return (unit === "B" ? number : number.toFixed(1)) + " " + unit;
    number /= 1000;
  }
  return "";
}

const kSignals = { 1: "SIGHUP", 2: "SIGINT", 3: "SIGQUIT", 4: "SIGILL", 6: "SIGABRT", 7: "SIGBUS", 8: "SIGFPE",
  9: "SIGKILL", 10: "SIGUSR1", 11: "SIGSEGV", 12: "SIGUSR2", 13: "SIGPIPE", 14: "SIGALRM", 15: "SIGTERM" };

// How a run ended, in words.
export function ending(run) {
  const words = run.node ? ["on " + run.node] : [];
  if (run.return_code < 0) words.push("signal " + -run.return_code + (kSignals[-run.return_code] ? " (" + kSignals[-run.return_code] + ")" : ""));
  else if (run.return_code > 0 || (run.return_code === 0 && run.state !== "SUCCESS")) words.push("exit " + run.return_code);
  if (run.reason) words.push(run.reason);
  if (run.taken_over_from) words.push("taken over from " + run.taken_over_from);
  return words.join("; ");
}

export const plural = (count, word) => count.toLocaleString("en") + " " + word + (count === 1 ? "" : word.endsWith("s") ? "es" : "s");
