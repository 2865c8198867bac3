"""Which system calls generated code has no use for, by reason. Each row: name, number on x86_64, on aarch64.

Numbers: arch/x86/entry/syscalls/syscall_64.tbl and include/uapi/asm-generic/unistd.h of Linux.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import TypeAlias

    Row: TypeAlias = tuple[str, int | None, int | None]

LAST_KNOWN = 462
"""mseal, Linux 6.10. Later calls do not exist for the code: nobody has judged them here."""

OTHER_PROCESSES: tuple[Row, ...] = (
    ("ptrace", 101, 117),
    ("process_vm_readv", 310, 270),
    ("process_vm_writev", 311, 271),
    ("process_madvise", 440, 440),
    ("process_mrelease", 448, 448),
    ("kcmp", 312, 272),
    ("pidfd_getfd", 438, 438),
    ("pidfd_send_signal", 424, 424),
    ("perf_event_open", 298, 241),
    ("setpriority", 141, 140),
    ("ioprio_set", 251, 30),
    ("migrate_pages", 256, 238),
    ("move_pages", 279, 239),
)
MOUNTS_AND_FILES: tuple[Row, ...] = (
    ("mount", 165, 40),
    ("umount2", 166, 39),
    ("pivot_root", 155, 41),
    ("chroot", 161, 51),
    ("open_tree", 428, 428),
    ("move_mount", 429, 429),
    ("fsopen", 430, 430),
    ("fsconfig", 431, 431),
    ("fsmount", 432, 432),
    ("fspick", 433, 433),
    ("mount_setattr", 442, 442),
    ("quotactl", 179, 60),
    ("quotactl_fd", 443, 443),
    ("swapon", 167, 224),
    ("swapoff", 168, 225),
    ("name_to_handle_at", 303, 264),
    ("open_by_handle_at", 304, 265),
    ("fanotify_init", 300, 262),
    ("inotify_init", 253, None),
    ("inotify_init1", 294, 26),
)
NAMESPACES: tuple[Row, ...] = (("unshare", 272, 97), ("setns", 308, 268))
THE_MACHINE: tuple[Row, ...] = (
    ("bpf", 321, 280),
    ("init_module", 175, 105),
    ("finit_module", 313, 273),
    ("delete_module", 176, 106),
    ("kexec_load", 246, 104),
    ("kexec_file_load", 320, 294),
    ("reboot", 169, 142),
    ("syslog", 103, 116),
    ("acct", 163, 89),
    ("sethostname", 170, 161),
    ("setdomainname", 171, 162),
    ("settimeofday", 164, 170),
    ("clock_settime", 227, 112),
    ("clock_adjtime", 305, 266),
    ("adjtimex", 159, 171),
    ("vhangup", 153, 58),
    ("personality", 135, 92),
    ("iopl", 172, None),
    ("ioperm", 173, None),
    ("modify_ldt", 154, None),
    ("lookup_dcookie", 212, 18),
    ("nfsservctl", 180, 42),
)
KEYS: tuple[Row, ...] = (("add_key", 248, 217), ("request_key", 249, 218), ("keyctl", 250, 219))
OFTEN_BROKEN: tuple[Row, ...] = (
    ("io_uring_setup", 425, 425),
    ("io_uring_enter", 426, 426),
    ("io_uring_register", 427, 427),
    ("userfaultfd", 323, 282),
)
MEMORY_OF_NO_PROCESS: tuple[Row, ...] = (
    ("memfd_create", 319, 279),
    ("memfd_secret", 447, 447),
    ("remap_file_pages", 216, 234),
    ("shmget", 29, 194),
    ("shmat", 30, 196),
    ("shmctl", 31, 195),
    ("shmdt", 67, 197),
    ("msgget", 68, 186),
    ("msgsnd", 69, 189),
    ("msgrcv", 70, 188),
    ("msgctl", 71, 187),
    ("semget", 64, 190),
    ("semop", 65, 193),
    ("semctl", 66, 191),
    ("semtimedop", 220, 192),
    ("mq_open", 240, 180),
    ("mq_unlink", 241, 181),
)
"""Memory that outlives or hides from the process that filled it, so that no sum over processes sees it."""

# sendmsg can put descriptors on their way, where no count of open files sees them.
NETWORK: tuple[Row, ...] = (
    ("socket", 41, 198),
    ("connect", 42, 203),
    ("bind", 49, 200),
    ("listen", 50, 201),
    ("accept", 43, 202),
    ("accept4", 288, 242),
    ("sendmsg", 46, 211),
    ("sendmmsg", 307, 269),
)
ALWAYS: tuple[Row, ...] = (
    *OTHER_PROCESSES,
    *MOUNTS_AND_FILES,
    *NAMESPACES,
    *THE_MACHINE,
    *KEYS,
    *OFTEN_BROKEN,
    *MEMORY_OF_NO_PROCESS,
    *NETWORK,
)

SIGNALS: tuple[Row, ...] = (
    ("kill", 62, 129),
    ("tkill", 200, 130),
    ("tgkill", 234, 131),
    ("rt_sigqueueinfo", 129, 138),
    ("rt_tgsigqueueinfo", 297, 240),
)
"""Only where neither a PID namespace nor Landlock keeps signals inside."""

METADATA: tuple[Row, ...] = (
    ("chmod", 90, None),
    ("fchmodat", 268, 53),
    ("fchmodat2", 452, 452),
    ("chown", 92, None),
    ("lchown", 94, None),
    ("fchownat", 260, 54),
    ("utime", 132, None),
    ("utimes", 235, None),
    ("futimesat", 261, None),
    ("utimensat", 280, 88),
    ("setxattr", 188, 5),
    ("lsetxattr", 189, 6),
    ("removexattr", 197, 14),
    ("lremovexattr", 198, 15),
    ("getxattr", 191, 8),
    ("lgetxattr", 192, 9),
    ("listxattr", 194, 11),
    ("llistxattr", 195, 12),
    ("truncate", 76, 45),
)
"""Only where no mount namespace hides the files: Landlock knows neither modes, owners, times nor attributes."""

CLONE, CLONE3, SOCKETPAIR, MMAP, FCNTL, IOCTL, PRCTL, FALLOCATE = (
    ("clone", 56, 220),
    ("clone3", 435, 435),
    ("socketpair", 53, 199),
    ("mmap", 9, 222),
    ("fcntl", 72, 25),
    ("ioctl", 16, 29),
    ("prctl", 157, 167),
    ("fallocate", 285, 47),
)
OPENAT2: Row = ("openat2", 437, 437)
WITH_A_MODE: tuple[tuple[Row, int], ...] = (
    (("chmod", 90, None), 1),
    (("fchmod", 91, 52), 1),
    (("fchmodat", 268, 53), 2),
    (("fchmodat2", 452, 452), 2),
    (("mknod", 133, None), 1),
    (("mknodat", 259, 33), 2),
    (("creat", 85, None), 1),
)
"""Calls that give a file its mode, and which argument that is. openat2 hides it in memory, so it does not exist."""
OPENING: tuple[tuple[Row, int], ...] = ((("open", 2, None), 1), (("openat", 257, 56), 2))
"""Calls whose mode, the argument after these flags, means something only when a file is made."""

OF_A_PROCESS_BY_NUMBER: tuple[Row, ...] = (
    ("prlimit64", 302, 261),
    ("sched_setaffinity", 203, 122),
    ("sched_setparam", 142, 118),
    ("sched_setscheduler", 144, 119),
    ("sched_setattr", 314, 274),
)
"""Allowed on the caller itself, which is process number 0."""
