// A task that fails, and how each view of it is known to be there.
export const kTask = {
  name: "nightly", max_failures: 1,
  processes: [
    { name: "fetch", cmdline: "echo fetched 3 numbers; mkdir -p deep/er; echo 1 2 3 >numbers; echo found >deep/er/file" },
    { name: "sum", cmdline: "seq 20000; echo 'awk: cannot open nubmers (No such file or directory)' >&2; echo last words >&2; exit 2", needs: ["fetch"] },
    { name: "report", cmdline: "true", needs: ["sum"] },
    { name: "clean-up", cmdline: "echo swept", final: true },
  ],
};

// [name, address, selector, text]: the view is there when an element of the selector has the text.
export const views = (id) => [
  ["tasks", "#/", "rows-table td", id],
  ["table", "#/t/" + id, "rows-table td", "sum"],
  ["graph", "#/t/" + id + "/graph", "#graph-words", "4 processes in 4 layers"],
  ["timeline", "#/t/" + id + "/timeline", "#time-words", "3 processes"],
  ["process", "#/t/" + id + "/p/sum", ".why", "nubmers"],
  ["output", "#/t/" + id + "/p/sum/0/stderr", ".log", "last words"],
  ["sandbox", "#/t/" + id + "/files", "td", "numbers"],
];
