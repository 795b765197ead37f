// Where somebody is in the page: the part of the address behind the #.

const at = () => {
  const now = here().query.at;
  return now ? "?at=" + now : "";
};

// Addresses keep the moment that is looked at.
export const link = {
  tasks: () => "#/",
  task: (id, view) => "#/t/" + encodeURIComponent(id) + (view ? "/" + view : "") + at(),
  process: (id, name) => "#/t/" + encodeURIComponent(id) + "/p/" + encodeURIComponent(name) + at(),
  log: (id, name, run, stream) => "#/t/" + encodeURIComponent(id) + "/p/" + encodeURIComponent(name) + "/" + run + "/" + stream,
  files: (id, hrefs) => "#/t/" + encodeURIComponent(id) + "/files" + (hrefs.length ? "/" + hrefs.join("/") : ""),
};

// {task, view, process, run, stream, path: [HREF], query}. The path's parts stay as they are encoded.
export function here() {
  const [hash, query = ""] = location.hash.replace(/^#\/?/, "").split("?");
  const parts = hash.split("/");
  const found = { query: Object.fromEntries(new URLSearchParams(query)), path: [] };
  if (parts[0] !== "t" || !parts[1]) return found;
  const decode = (text) => {
    try {
      return decodeURIComponent(text);
    } catch {
      return text;
    }
  };
  found.task = decode(parts[1]);
  found.view = parts[2] || "table";
  if (found.view === "p") {
    found.process = decode(parts[3] || "");
    found.run = parts[4];
    found.stream = parts[5];
  }
  if (found.view === "files") found.path = parts.slice(3).filter(Boolean);
  return found;
}

// Sets keys of the query without a step in the browser's history.
export function setQuery(keys) {
  const [hash, query = ""] = location.hash.split("?");
  const all = new URLSearchParams(query);
  for (const [key, value] of Object.entries(keys)) {
    if (value === null || value === "") all.delete(key);
    else all.set(key, value);
  }
  const text = all.toString();
  history.replaceState(null, "", (hash || "#/") + (text ? "?" + text : ""));
}
