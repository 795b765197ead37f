#include "node_coordinators.h"

#include <string>
#include <utility>

namespace thermos::sim {

void NodeCoordinators::step(NodeMachine& machine, ProcessIndex p, Microseconds delay,
                            std::function<void(Place&)> step) {
  const std::uint64_t life = machine.places[p].life;
  around_.timeline.after(delay, [&machine, p, life, step = std::move(step)] {
    Place& place = machine.places[p];
    if (place.life == life && place.locked) step(place);
  });
}

void NodeCoordinators::launch(NodeMachine& machine, ProcessIndex p, std::uint32_t run,
                              std::uint64_t seq) {
  Place& place = machine.places[p];
  place.locked = true;
  place.run = run;
  place.next_seq = seq;
  place.stop_asked = false;
  place.coordinator = {++pids_, 1};
  step(machine, p, around_.random.between(0, 20 * kMs), [this, &machine, p](Place& /*place*/) {
    write(machine, p, ProcessState::Forked);
    step(machine, p, around_.random.between(0, 5 * kMs),
         [this, &machine, p](Place& one) { this->run(machine, p, one); });
  });
}

void NodeCoordinators::run(NodeMachine& machine, ProcessIndex p, const Place& place) {
  around_.say("* " + around_.task.processes[p].name + " run " + std::to_string(place.run) +
              " starts on " + machine.name);
  ledger_.starts(p, machine.name, place.run, record_());
  ledger_.reads(p, machine.sandbox, place.run, record_());
  ++around_.outcome.runs;
  write(machine, p, ProcessState::Running);
  const bool fails = place.run < around_.fails[p];
  const Microseconds takes =
      around_.random.pick<Microseconds>({0, around_.random.between(0, 12 * kSecond)});
  step(machine, p, place.stop_asked ? 0 : takes, [this, &machine, p, fails](const Place& last) {
    make_files(machine, p, last.run);
    end(machine, p, fails ? ProcessState::Failed : ProcessState::Success);
  });
}

void NodeCoordinators::make_files(NodeMachine& machine, ProcessIndex p, std::uint32_t run) {
  const ProcessConfig& process = around_.task.processes[p];
  for (const std::string& path : process.makes_files) {
    machine.sandbox.write(path, bytes_of(process.name, run), ++around_.files);
  }
}

void NodeCoordinators::end(NodeMachine& machine, ProcessIndex p, ProcessState state) {
  ledger_.ends(p, machine.name, state == ProcessState::Success);
  write(machine, p, state);
  Place& place = machine.places[p];
  ++place.life;
  place.locked = false;
}

void NodeCoordinators::stop(NodeMachine& machine, ProcessIndex p, std::uint32_t run) {
  Place& place = machine.places[p];
  if (place.locked && place.run == run && ledger_.runs(p, machine.name)) {
    end(machine, p, ProcessState::Killed);
  } else {
    place.stop_asked = true;
  }
}

void NodeCoordinators::write(NodeMachine& machine, ProcessIndex p, ProcessState state) {
  Place& place = machine.places[p];
  ProcessStatus status;
  status.process = around_.task.processes[p].name;
  status.seq = place.next_seq++;
  status.run = place.run;
  status.state = state;
  status.at = around_.now();
  if (state == ProcessState::Forked) {
    status.identity = place.coordinator;
    status.boot = machine.boot();
  }
  if (state == ProcessState::Success) status.return_code = 0;
  if (state == ProcessState::Failed) status.return_code = 1;
  place.stream.push_back(status);
  relay(machine, p, status);
}

void NodeCoordinators::relay(NodeMachine& machine, ProcessIndex p, const ProcessStatus& status) {
  const NodePipePtr pipe = machine.server;
  if (!pipe || !pipe->reads.contains(p)) return;
  files_.tell(pipe, p, status);
}

void NodeCoordinators::kill(NodeMachine& machine, ProcessIndex p) {
  Place& place = machine.places[p];
  around_.say("* the coordinator of " + around_.task.processes[p].name + " on " + machine.name +
              " is killed");
  ++place.life;
  place.locked = false;
  // Its server, or the next one, sees that.
  const NodePipePtr pipe = machine.server;
  if (!pipe || !pipe->reads.contains(p)) return;
  files_.tell(pipe, p, [p, run = place.run](NodeHearer& leader) {
    leader.feed(CoordinatorGone{p, run, false});
  });
}

void NodeCoordinators::lose(NodeMachine& machine) {
  for (auto& [p, place] : machine.places) {
    ++place.life;
    place.locked = false;
    ledger_.vanishes(p, machine.name);
  }
}

void NodeCoordinators::clean(NodeMachine& machine) {
  for (auto& [p, place] : machine.places) {
    if (place.locked || ledger_.runs(p, machine.name)) ++around_.outcome.cleaned;
    place.stream.clear();
  }
  lose(machine);
}

}  // namespace thermos::sim
