"""Run code that nobody trusts, in bubblewrap, with limits that hold.

What a submission sees: Python, this package, an empty folder in memory. What it does not see: the network,
the solutions, the gradebook, other submissions, other processes. What it can use up is bounded: time, memory,
processes, files, output. What it says comes back as plain bytes (see `wire`) and is never believed.

The limits hold for root too. The kernel counts processes only for users that are not root, so under root the
code runs as a user of its own (numbers that belong to nobody); otherwise as the grader's user in a user
namespace. Time is counted in seconds of the processor, and each sandbox stays on a core of its own where
there are enough, so that what runs beside it changes nothing. What the kernel limits, it limits however busy
the machine is: processes with their threads, memory of one process, files. A watchdog (see `watchdog`) adds
up time and memory of all processes of a sandbox, which limits of single processes cannot; a filter of system
calls closes the ways to memory that it would not see, to other cores, and to new namespaces.

The modules in the order of their imports: `syscalls` (the filter), `host` (what a machine must have), `users`
(whom the code runs as), `cores` (and where), `folders` (what it can read), `command_line` (bubblewrap's),
`stopwatch` (its time), `process` (started, guarded, ended), `outputs` (what is kept of a cell's), `remote`
(the notebook, asked from here), `trial` (one sandbox before all others). What a submission may use is in
`limits`, beside this package.
"""

from ..limits import Limits
from .folders import require_hidden
from .host import SandboxMissing, require_platform
from .process import STOPPED, Cause, SandboxEnded, end_all
from .remote import Remote, Sandbox
from .trial import require_sandbox

__all__ = [
    "STOPPED",
    "Cause",
    "Limits",
    "Remote",
    "Sandbox",
    "SandboxEnded",
    "SandboxMissing",
    "end_all",
    "require_hidden",
    "require_platform",
    "require_sandbox",
]
