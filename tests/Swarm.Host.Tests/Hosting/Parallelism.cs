// These tests wait for programs of their own hosts nearly all the time: the longest class must not begin last.
[assembly: Xunit.v3.Parallelization(MaxThreads = 6)]
