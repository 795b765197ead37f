// `thermos export`: the file with which an engine runs a task.
#include <unistd.h>

#include <algorithm>
#include <filesystem>

#include "core/base/utf8.h"
#include "core/config/load.h"
#include "core/config/to_json.h"
#include "core/record/paths.h"
#include "core/task/check_task.h"
#include "reactor/cli/output.h"
#include "reactor/cli/terminal_text.h"
#include "reactor/commands/commands.h"
#include "reactor/commands/new_file.h"
#include "reactor/configuration/configuration.h"
#include "reactor/export/engines.h"
#include "reactor/os/account.h"
#include "reactor/os/clocks.h"

namespace thermos {
namespace {

constexpr std::string_view kExportHelp = R"(Usage: thermos export --to ENGINE [OPTIONS] CONFIG

Prints the job file with which an engine runs the task in CONFIG: a script for
slurm or sge (Grid Engine), a manifest for kubernetes, a job for nomad, a unit
for systemd. In it `thermos run` gets the engine's signals, ends what runs when
the engine takes the machine away, and goes on where it was when the job starts
again. Read the file, and change it to your site's ways: it has comments.

  --to ENGINE       slurm, sge, kubernetes, nomad or systemd
  -o FILE           write a new FILE; else to standard output
  --name NAME       of the job; else the task's name
  --task-id ID      of the task; else made from the job's id or name, which stay
                    the same when the job is started again
  --root D          where the job keeps its tasks, on a disk that each start of
                    it sees (kubernetes and nomad: where its volume is mounted)
  --sandbox D       where the task runs; else where a slurm or sge job starts,
                    and for the others a directory of its own under the root
  --image IMAGE     of containers; kubernetes needs one, and nomad runs without
                    a container if there is none
  --grace S         seconds for what runs to end when the job must (25); whole
  --thermos FILE    the program in the job (thermos; for systemd, this one)
  --task NAME       which task, where CONFIG holds several
  -P NAME[:PORT]    binds {{thermos.ports[NAME]}}; may be repeated
  -E NAME=VALUE     binds {{NAME}}; may be repeated
  --eval-timeout S  a CONFIG in Python may take S seconds (60); 0: no limit
  --log-level L, --no-color: see `thermos --help`

kubernetes and nomad get CONFIG itself, and one in Python as what it evaluates
to here. The others read CONFIG where it is.
)";

constexpr std::string_view kEngineNames = "slurm, sge, kubernetes, nomad or systemd";
constexpr std::uint64_t kMostGrace = 86'400;

struct ExportOptions {
  std::string to;
  std::optional<std::string> file;
  std::string name;
  std::string task_id;
  std::string sandbox;
  std::string image;
  std::string grace = "25";
  std::string thermos;
  std::string task;
  std::vector<std::string> ports;
  std::vector<std::string> environment;
  std::optional<std::string> eval_timeout;

  void add_to(OptionParser& parser) {
    parser.text("--to", to);
    parser.text("-o", file);
    parser.text("--name", name);
    parser.text("--task-id,--task_id", task_id);
    parser.text("--sandbox", sandbox);
    parser.text("--image", image);
    parser.text("--grace", grace);
    parser.text("--thermos", thermos);
    parser.text("--task", task);
    parser.texts("-P,--port", ports);
    parser.texts("-E,--environment", environment);
    parser.text("--eval-timeout", eval_timeout);
  }
};

Error export_usage(std::string message) {
  return {ErrorCode::Usage, "export: " + std::move(message)};
}

Result<const Engine*> engine_of(const std::string& name) {
  if (name.empty()) return export_usage("--to is missing: it is " + std::string(kEngineNames));
  const auto all = engines();
  const auto found =
      std::find_if(all.begin(), all.end(), [&](const Engine& e) { return e.name == name; });
  if (found == all.end()) {
    return export_usage("--to " + name + ": it is " + std::string(kEngineNames));
  }
  return &*found;
}

// Checks the options that can be checked without the configuration.
Status check_options(const ExportOptions& options, const Engine& engine,
                     const CommonOptions& common, const std::string& config) {
  if (!options.task_id.empty()) {
    if (Status id = check_task_id(options.task_id); !id) {
      return export_usage("--task-id " + options.task_id + ": " + id.error().message);
    }
  }
  const bool absolute = engine.name != "slurm" && engine.name != "sge";
  const std::pair<std::string_view, const std::string*> directories[] = {
      {"--root", &common.root}, {"--sandbox", &options.sandbox}};
  for (const auto& [option, path] : directories) {
    if (absolute && !path->empty() && path->front() != '/') {
      return export_usage(std::string(option) + " " + *path +
                          ": it is no absolute path, and a job of " + std::string(engine.name) +
                          " starts in no directory of yours");
    }
  }
  if (engine.runs_on_machine && !options.thermos.empty() && options.thermos.front() != '/') {
    return export_usage("--thermos " + options.thermos + ": a unit needs an absolute path");
  }
  if (engine.reads_here && config == "-") {
    return export_usage("a job of " + std::string(engine.name) +
                        " reads CONFIG when it runs: name a file instead of standard input");
  }
  if (engine.name == "kubernetes" && options.image.empty()) {
    return export_usage("--image is missing: the image with thermos and what the task runs");
  }
  if (!options.image.empty() && engine.name != "kubernetes" && engine.name != "nomad") {
    return export_usage("--image: a job of " + std::string(engine.name) + " runs in no image");
  }
  return Done{};
}

std::string own_path() {
  std::error_code failed;
  const std::filesystem::path path = std::filesystem::read_symlink("/proc/self/exe", failed);
  return failed ? "/usr/bin/thermos" : path.string();
}

// Fails with Usage for a text that an engine's file can't hold unchanged.
Status check_texts(const ExportJob& job) {
  std::vector<std::string> texts = {job.config_text, job.config, job.root,    job.sandbox,
                                    job.image,       job.name,   job.thermos, job.task_id};
  texts.insert(texts.end(), job.bindings.begin(), job.bindings.end());
  for (const std::string& text : texts) {
    if (!is_utf8(text) || text.find('\0') != std::string::npos) {
      return export_usage(thermos::quoted(text) + " is not UTF-8, which the file must be");
    }
  }
  return Done{};
}

bool has_secret_file(const TaskConfig& task) {
  const auto any = [](const Named<Secret>& secrets) {
    return std::any_of(secrets.entries.begin(), secrets.entries.end(),
                       [](const auto& entry) { return !entry.second.file.empty(); });
  };
  return any(task.secret) || std::any_of(task.processes.begin(), task.processes.end(),
                                         [&](const auto& process) { return any(process.secret); });
}

Result<ExportJob> job_of(const ExportOptions& options, const Engine& engine,
                         const CommonOptions& common, const std::string& file) {
  ExportJob job;
  const Result<std::uint64_t> grace = parse_count("--grace", options.grace);
  if (!grace) return grace.error();
  if (*grace > kMostGrace) {
    return export_usage("--grace " + options.grace + ": it is a day at most");
  }
  job.grace = *grace;
  ConfigurationWords words;
  words.task_name = options.task;
  words.task_id = options.task_id;
  Result<Ports> ports = parse_ports(options.ports);
  if (!ports) return ports.error();
  words.ports = *ports;
  auto bound_names = parse_environment(options.environment);
  if (!bound_names) return bound_names.error();
  words.environment = std::move(*bound_names);
  const Result<Microseconds> limit = parse_eval_timeout(options.eval_timeout);
  if (!limit) return limit.error();
  words.eval_timeout = *limit;

  const Result<ConfigurationText> text = read_configuration(file, words);
  if (!text) return text.error();
  const Result<BoundTask> bound = bind_configuration(*text, words, read_clocks().wall);
  if (!bound) return bound.error();
  const Result<Graph> graph = check_task(bound->task);
  if (!graph) return graph.error();

  job.name = options.name.empty() ? bound->task.name : options.name;
  job.task_id = options.task_id;
  if (const Account caller = caller_account(); caller.uid != 0) job.user = caller.name;
  job.image = options.image;
  job.root = common.root;
  if (engine.runs_on_machine && job.root.empty()) job.root = common.paths().root();
  job.sandbox = options.sandbox;
  job.thermos = options.thermos;
  if (job.thermos.empty()) job.thermos = engine.runs_on_machine ? own_path() : "thermos";
  job.demand = demand_of(bound->task, *graph);
  job.processes = bound->task.processes.size();
  for (const ProcessConfig& process : bound->task.processes) {
    const Microseconds time = process.time.value_or(0);
    const auto seconds = static_cast<std::uint64_t>(time / kSecond + (time % kSecond != 0 ? 1 : 0));
    if (seconds <= job.longest) continue;
    job.longest = seconds;
    job.longest_process = process.name;
  }
  for (const std::string& word : options.ports) {
    const std::string name = word.substr(0, word.find(':'));
    if (name.size() < word.size()) job.ports.emplace_back(name, ports->at(name));
  }
  // An evaluated configuration that the file contains is a single task that is bound already.
  const bool binds = engine.reads_here || text->form == config::Form::Written;
  if (engine.reads_here) {
    job.config = absolute_path(file);
    job.root = job.root.empty() ? "" : absolute_path(job.root);
    job.sandbox = job.sandbox.empty() ? "" : absolute_path(job.sandbox);
  } else {
    job.config_text = binds ? text->text : config::to_json(bound->task, 2) + "\n";
    job.names_files =
        has_secret_file(bound->task) || (binds && text->text.find("env_file") != std::string::npos);
  }
  if (binds) {
    if (!options.task.empty()) job.bindings = {"--task", options.task};
    for (const std::string& word : options.environment) {
      job.bindings.insert(job.bindings.end(), {"-E", word});
    }
    for (const std::string& word : options.ports) {
      job.bindings.insert(job.bindings.end(), {"-P", word});
    }
  }
  if (!engine.utf8) return job;
  if (Status good = check_texts(job); !good) return good.error();
  return job;
}

}  // namespace

CommandOutcome export_command(const Arguments& arguments, CommonOptions common) {
  ExportOptions options;
  OptionParser parser("export", kExportHelp, common);
  options.add_to(parser);
  const Result<std::optional<Arguments>> parsed = parser.parse(arguments);
  if (!parsed) return parsed.error();
  if (!*parsed) return kExitDone;
  const Arguments& files = **parsed;
  const Result<const Engine*> engine = engine_of(options.to);
  if (!engine) return engine.error();
  if (files.size() != 1) {
    return export_usage(files.empty() ? "CONFIG is missing"
                                      : "takes one CONFIG; unexpected argument '" + files[1] + "'");
  }
  if (Status good = check_options(options, **engine, common, files.front()); !good) {
    return good.error();
  }
  const Result<ExportJob> job = job_of(options, **engine, common, files.front());
  if (!job) return job.error();
  const std::string text = (*engine)->file_of(*job);
  if (options.file && *options.file != "-") {
    if (Status written = write_new_file("export", *options.file, text); !written) {
      return written.error();
    }
    return kExitDone;
  }
  Output out(STDOUT_FILENO);
  out.print(text);
  return finish_output(out);
}

}  // namespace thermos
