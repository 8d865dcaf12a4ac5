# SPDX-License-Identifier: Apache-2.0
import heddle_no_such_module.part

agent = heddle_no_such_module
