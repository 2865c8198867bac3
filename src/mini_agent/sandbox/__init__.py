"""Running code that nobody has read: layers that confine it, and a self-test that tries to break out of them.

Three ways, of which the self-test takes the first that holds: namespaces of our own, bubblewrap's, or none (`bare`),
where Landlock, seccomp and a sweep of the process tree do all the work. Linux only; elsewhere programs are refused.

What is not stopped, in any way: using all processors until the deadline. Without a control group the kernel's own
memory (socket buffers, page tables) is bounded by the limits on processes and descriptors alone, and what is written to
the folder is looked at ten times a second. In the bare way a program can see whether a path exists and how large it is.
"""
