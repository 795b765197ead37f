// Every field of a task's structs gives the member that it names, absent or there, as often as it
// is asked for.
#include "core/task/describe.h"

#include <gtest/gtest.h>

#include <string>

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

TEST(Describe, EachFieldIsMadeOnce) {
  TaskConfig task;
  expect_each_is_made_once(object_type<TaskConfig>(), &task);
  ASSERT_EQ(task.processes.size(), 1);
  EXPECT_TRUE(task.processes[0].ready && task.processes[0].healthy);
  EXPECT_GT(asked, 60);
}

}  // namespace
}  // namespace thermos::fields
