// Every field of a task's structs gives the member that it names, absent or there, as often as it
// is asked for.
#include "core/task/describe.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>

#include "core/task/task_fields.h"

namespace thermos::fields {
namespace {

int asked = 0;

void expect_each_is_made_once(const ObjectType& type, void* object);

void expect_items_are_made_once(const Type& type, void* value) {
  if (type.kind == Kind::Object) expect_each_is_made_once(type.object(), value);
  if (type.items == nullptr) return;
  const std::size_t before = type.items->size(value);
  type.items->resize(value, before + 1);
  ASSERT_EQ(type.items->size(value), before + 1);
  void* const item = type.items->slot(value, before);
  EXPECT_EQ(type.items->view(value, before), item);
  if (type.items->name != nullptr) {
    type.items->name_slot(value, before) = "a";
    EXPECT_EQ(type.items->name(value, before), "a");
  }
  expect_items_are_made_once(*type.item, item);
}

void expect_each_is_made_once(const ObjectType& type, void* object) {
  for (const Field& field : type.fields) {
    SCOPED_TRACE(std::string(type.name) + "." + std::string(field.key));
    ++asked;
    const void* const before = field.view(object);
    void* const made = field.slot(object);
    ASSERT_TRUE(before == nullptr || before == made);
    EXPECT_EQ(field.view(object), made);
    EXPECT_EQ(field.slot(object), made);
    expect_items_are_made_once(field.type, made);
  }
}

// Puts each number of `object` out of its range in turn, and back.
void expect_each_is_seen(Slot object, const ProcessConfig& process) {
  for (const Field& field : object.type->object().fields) {
    SCOPED_TRACE(std::string(object.type->object().name) + "." + std::string(field.key));
    if (!has_range(field.type.kind)) continue;
    const bool had = View(object).field(field).at != nullptr;
    const Slot value = object.field(field);
    if (field.type.kind == Kind::Object) {
      // Before anything is asked, nothing is chosen.
      EXPECT_EQ(numbers_in_range(process), value.type->object().choices == 0 || had);
      if (value.type->object().choices > 0)
        value.field(value.type->object().fields[0]).text() = "x";
      expect_each_is_seen(value, process);
    } else if (field.type.kind == Kind::Real) {
      const double before = std::exchange(value.real(), -1);
      EXPECT_FALSE(numbers_in_range(process));
      value.real() = before;
    } else {
      const std::int64_t before = std::exchange(value.whole(), -1);
      EXPECT_FALSE(numbers_in_range(process));
      value.whole() = before;
    }
    EXPECT_TRUE(numbers_in_range(process));
    ++asked;
  }
}

TEST(Describe, NumbersOfAProcessAreInRangeAsItsTableSays) {
  asked = 0;
  ProcessConfig process;
  EXPECT_TRUE(numbers_in_range(process));
  expect_each_is_seen(slot_of(process), process);
  EXPECT_GT(asked, 20);
  EXPECT_TRUE(is_in_range(view_of(process)));
  process.ready->within = -1;
  EXPECT_FALSE(is_in_range(view_of(process)));
  process.ready = Ready();
  process.ready->cmd = "one";
  EXPECT_TRUE(is_in_range(view_of(process)));
  process.ready->within = -1;
  EXPECT_FALSE(is_in_range(view_of(process)));
  process.ready->within = 1;
  process.ready->tcp = "or another:1";
  EXPECT_FALSE(is_in_range(view_of(process))) << "which one?";
}

TEST(Describe, EachFieldIsMadeOnce) {
  TaskConfig task;
  expect_each_is_made_once(object_type<TaskConfig>(), &task);
  ASSERT_EQ(task.processes.size(), 1);
  EXPECT_TRUE(task.processes[0].ready && task.processes[0].healthy);
  EXPECT_GT(asked, 60);
}

}  // namespace
}  // namespace thermos::fields
