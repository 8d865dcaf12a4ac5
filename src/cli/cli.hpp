// SPDX-License-Identifier: Apache-2.0
// The command line: `heddle serve`, `init`, `install`, `doctor`, `check-config`, `listen`, `secret`,
// `backup`, `restore`, `health`, `completion`, `manual`, `--version`.
#pragma once

namespace heddle::cli {

// The process's exit status: 0 done, 1 configuration or start-up failed, 2 wrong usage.
int main(int argc, char** argv);

}  // namespace heddle::cli
