"""The filter of system calls: what code in a sandbox may not ask the kernel for."""

from __future__ import annotations

import struct

# System calls that nobody needs here: new namespaces and mounts, memory that belongs to no process (shared
# segments, queues, buffers of sockets), other processes' memory, another core than the sandbox's own, and
# parts of the kernel known for holes.
# Numbers from each architecture's unistd.h; those of aarch64 are not verified.
REFUSED = {
    "x86_64": {
        "socket": 41, "socketpair": 53, "shmget": 29, "semget": 64, "msgget": 68, "mq_open": 240,
        "memfd_create": 319, "memfd_secret": 447, "io_setup": 206, "io_uring_setup": 425, "userfaultfd": 323,
        "mount": 165, "umount2": 166, "pivot_root": 155, "unshare": 272, "setns": 308, "fsopen": 430,
        "open_tree": 428, "move_mount": 429, "ptrace": 101, "process_vm_readv": 310, "process_vm_writev": 311,
        "pidfd_getfd": 438, "bpf": 321, "keyctl": 250, "add_key": 248, "request_key": 249,
        "perf_event_open": 298, "sched_setaffinity": 203,
    },
    "aarch64": {
        "socket": 198, "socketpair": 199, "shmget": 194, "semget": 190, "msgget": 186, "mq_open": 180,
        "memfd_create": 279, "memfd_secret": 447, "io_setup": 0, "io_uring_setup": 425, "userfaultfd": 282,
        "mount": 40, "umount2": 39, "pivot_root": 41, "unshare": 97, "setns": 268, "fsopen": 430,
        "open_tree": 428, "move_mount": 429, "ptrace": 117, "process_vm_readv": 270, "process_vm_writev": 271,
        "pidfd_getfd": 438, "bpf": 280, "keyctl": 219, "add_key": 217, "request_key": 218,
        "perf_event_open": 241, "sched_setaffinity": 122,
    },
}  # fmt: skip
MMAP = {"x86_64": 9, "aarch64": 222}
SHARED_ANONYMOUS = 0x21  # MAP_SHARED and MAP_ANONYMOUS
CLONE = {"x86_64": 56, "aarch64": 220}
CLONE3 = 435
AUDIT_ARCH = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
X32_BIT = 0x40000000
NEW_USER_NAMESPACE = 0x10000000
LOAD, AND, EQUAL, AT_LEAST, ANY_BIT, RETURN = 0x20, 0x54, 0x15, 0x35, 0x45, 0x06  # classic BPF
ALLOW, KILL, ERRNO = 0x7FFF0000, 0x80000000, 0x00050000
EPERM, ENOSYS = 1, 38


def syscall_filter(machine: str) -> bytes:
    """A seccomp program (classic BPF) that refuses `REFUSED`, for bubblewrap's --seccomp.

    clone with a new user namespace is refused; clone3, whose arguments a filter cannot see, is said not to
    exist, and the C library falls back to clone. Shared anonymous memory is refused, too: it outlives its
    mapping, and a watchdog that adds up what is mapped would not see it.
    """
    # Offsets in struct seccomp_data, little-endian.
    number, architecture, first_argument, fourth_argument = 0, 4, 16, 40
    code: list[tuple[int, int, int, int]] = [
        (LOAD, 0, 0, architecture),
        (EQUAL, 1, 0, AUDIT_ARCH[machine]),
        (RETURN, 0, 0, KILL),
        (LOAD, 0, 0, number),
        (AT_LEAST, 0, 1, X32_BIT),
        (RETURN, 0, 0, ERRNO | EPERM),
    ]
    for call in sorted(REFUSED[machine].values()):
        code += [(EQUAL, 0, 1, call), (RETURN, 0, 0, ERRNO | EPERM)]
    code += [(EQUAL, 0, 1, CLONE3), (RETURN, 0, 0, ERRNO | ENOSYS)]
    code += [
        (EQUAL, 0, 5, MMAP[machine]),
        (LOAD, 0, 0, fourth_argument),
        (AND, 0, 0, SHARED_ANONYMOUS),
        (EQUAL, 0, 1, SHARED_ANONYMOUS),
        (RETURN, 0, 0, ERRNO | EPERM),
        (RETURN, 0, 0, ALLOW),
        (EQUAL, 0, 3, CLONE[machine]),
        (LOAD, 0, 0, first_argument),
        (ANY_BIT, 0, 1, NEW_USER_NAMESPACE),
        (RETURN, 0, 0, ERRNO | EPERM),
        (RETURN, 0, 0, ALLOW),
    ]
    return b"".join(struct.pack("<HBBI", *line) for line in code)
