/* Programs about processes: listing, starting, killing, forking, talking. */
#include "user.h"

int ps_main(int argc, char **argv)
{
    static const char *const states[] = { "free", "ready", "running", "sleeping", "zombie" };
    struct procinfo p;
    int found;

    (void)argc, (void)argv;
    printf("  PID ASID STATE    PAGES NAME\n");
    for (u32 slot = 0; (found = procinfo(slot, &p)) >= 0; slot++) {
        if (!found)
            continue;
        if (p.asid < 0)
            printf("%5d    - %-8s %5u %s\n", p.pid, states[p.state], p.pages, p.name);
        else
            printf("%5d %4d %-8s %5u %s\n", p.pid, p.asid, states[p.state], p.pages, p.name);
    }
    return 0;
}

int mem_main(int argc, char **argv)
{
    struct sysinfo s;

    (void)argc, (void)argv;
    if (sysinfo(&s) < 0)
        return 1;
    printf("pages: %u of %u free, kernel heap %u\n", s.pages_free, s.pages_total, s.kernel_heap);
    printf("faults: %u page, %u modified; zero pages: %u mapped, %u filled; copy-on-write: %u copied, %u reused\n",
           s.page_faults, s.modified_faults, s.zero_maps, s.zero_fills, s.cow_copies, s.cow_reuses);
    printf("asids: generation %u, next %u, allocated %u, rollovers %u\n", s.asid_generation,
           s.asid_next, s.asid_allocated, s.asid_rollovers);
    printf("events: %u switches, %u forks, %u system calls, %u interrupts, %u ticks\n", s.switches,
           s.forks, s.syscalls, s.interrupts, s.ticks);
    return 0;
}

/* A background process: some work over memory of its own, some sleep. */
int worker_main(int argc, char **argv)
{
    static u32 words[4096];
    u32 seed = getpid() * 2654435761u, sum = 0;

    (void)argc, (void)argv;
    for (u32 round = 0;; round++) {
        for (u32 pass = 0; pass < 8; pass++)
            for (u32 i = 0; i < 4096; i++) {
                seed = seed * 1664525 + 1013904223;
                words[(seed >> 16) & 4095] += sum ^ i;
                sum += words[i];
            }
        sleep_ms(30 + (seed >> 24) % 100);
    }
}

int spawn_main(int argc, char **argv)
{
    static char *worker[] = { "worker", NULL };
    u32 n;

    if (!number_argument(argc, argv, 3, 60, &n))
        return 1;
    for (u32 i = 0; i < n; i++) {
        int pid = fork();
        if (pid == 0) {
            setgroup();
            exec(worker);
            exit(127);
        }
        if (pid < 0) {
            printf("spawn: no more processes after %u\n", i);
            return 1;
        }
        printf(i ? " %d" : "started %d", pid);
    }
    printf("\n");
    return 0;
}

int kill_main(int argc, char **argv)
{
    struct procinfo p;
    u32 pid;
    int found;

    if (argc == 2 && !strcmp(argv[1], "all")) {
        u32 killed = 0;
        for (u32 slot = 0; (found = procinfo(slot, &p)) >= 0; slot++)
            if (found && !strcmp(p.name, "worker") && kill(p.pid) == 0) {
                wait(p.pid, NULL, 0);
                killed++;
            }
        printf("killed %u\n", killed);
        return 0;
    }
    if (argc != 2 || !parse_number(argv[1], &pid)) {
        printf("kill: need a process number or all\n");
        return 1;
    }
    found = kill(pid);
    if (found < 0)
        printf("kill: %u: %s\n", pid, found == -EPERM ? "not allowed" : "no such process");
    return found < 0;
}

/* Two processes hand a byte back and forth; each handover is a switch. */
int pingpong_main(int argc, char **argv)
{
    int there[2], back[2], pid, bad = 0;
    struct sysinfo before, after;
    u32 n, elapsed = 0, switches, status;
    u8 byte, answer;

    if (!number_argument(argc, argv, 100, 1000000, &n))
        return 1;
    if (pipe(there) < 0 || pipe(back) < 0 || (pid = fork()) < 0) {
        printf("pingpong: no pipes or process\n");
        return 1;
    }
    if (pid == 0) {
        close(there[1]);
        close(back[0]);
        while (read(there[0], &byte, 1) == 1) {
            byte ^= 0xff;
            if (write(back[1], &byte, 1) != 1)
                break;
        }
        exit(0);
    }
    close(there[0]);
    close(back[1]);
    sysinfo(&before);
    for (u32 i = 0; i < n; i++) {
        u32 start = count();
        byte = i;
        if (write(there[1], &byte, 1) != 1 || read(back[0], &answer, 1) != 1 || (answer ^ byte) != 0xff)
            bad++;
        elapsed += (count() - start) >> 4;      /* in sixteenths, as it may overflow */
    }
    sysinfo(&after);
    close(there[1]);
    wait(pid, &status, 0);
    switches = after.switches - before.switches;
    printf("pingpong: %u round trips, %u switches, %u Count ticks per switch, %s\n", n, switches,
           switches ? elapsed / ((switches + 15) / 16) : 0, bad ? "BAD" : "ok");
    return bad != 0;
}

int fork_main(int argc, char **argv)
{
    static u32 shared[2048];
    struct sysinfo before, after;
    u32 n, bad = 0, status;

    if (!number_argument(argc, argv, 10, 100000, &n))
        return 1;
    for (u32 i = 0; i < 2048; i++)
        shared[i] = i;
    sysinfo(&before);
    for (u32 i = 0; i < n; i++) {
        int pid = fork();
        if (pid == 0) {
            for (u32 k = 0; k < 2048; k += 512)
                shared[k] += i;         /* the child's copy only */
            exit(shared[512] == 512 + i ? i & 0x7f : 0xff);
        }
        if (pid < 0 || wait(pid, &status, 0) != pid || status != STATUS(KILL_NONE, i & 0x7f))
            bad++;
        shared[1024 + i % 1024]++;      /* and the parent's */
    }
    for (u32 i = 0; i < 1024; i++)
        if (shared[i] != i)
            bad++;
    sysinfo(&after);
    printf("fork: %u children, %u COW faults (%u copied, %u reused), pages free %u -> %u, %s\n",
           n, after.cow_copies - before.cow_copies + after.cow_reuses - before.cow_reuses,
           after.cow_copies - before.cow_copies, after.cow_reuses - before.cow_reuses,
           before.pages_free, after.pages_free, bad ? "BAD" : "ok");
    return bad != 0;
}
