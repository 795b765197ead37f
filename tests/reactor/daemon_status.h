// A daemon that tests ask for the status of a task.
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <variant>

#include <nlohmann/json.hpp>

#include "daemon_fixture.h"

namespace thermos {

class DaemonStatusFixture : public DaemonFixture {
 protected:
  nlohmann::json status(const std::string& id) const {
    control::AskStatus ask_status;
    ask_status.patterns = {id};
    const auto replies = ask(ask_status);
    const auto* text = std::get_if<control::StatusText>(&replies.front());
    EXPECT_NE(text, nullptr);
    return text == nullptr ? nlohmann::json() : nlohmann::json::parse(text->json);
  }
};

}  // namespace thermos
