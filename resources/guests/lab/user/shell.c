/*
 * The shell, init, and the table of programs. One program file serves all:
 * the name it is started under picks the part to run.
 */
#include "user.h"

static int echo_main(int argc, char **argv)
{
    for (int i = 1; i < argc; i++)
        printf(i > 1 ? " %s" : "%s", argv[i]);
    printf("\n");
    return 0;
}

static int sleep_main(int argc, char **argv)
{
    u32 seconds;

    if (!number_argument(argc, argv, 1, 100000, &seconds))
        return 1;
    sleep_ms(seconds * 1000);
    return 0;
}

static int tlb_main(int argc, char **argv)
{
    (void)argc, (void)argv;
    return system_call(0, 0, 0, SYS_tlbdump);
}

static int halt_main(int argc, char **argv)
{
    (void)argc, (void)argv;
    return system_call(0, 0, 0, SYS_halt);
}

static int panic_main(int argc, char **argv)
{
    return system_call(argc > 1 && !strcmp(argv[1], "fault"), 0, 0, SYS_panic);
}

/* Process 1: keep a shell running and collect the orphans. */
static int init_main(int argc, char **argv)
{
    (void)argc, (void)argv;
    for (int first = 1;; first = 0) {
        int pid = fork(), left;
        if (pid == 0) {
            exit(exec((char *[]){ "sh", first ? "-first" : NULL, NULL }));
        }
        do
            left = wait(WAIT_ANY, NULL, 0);
        while (left != pid && left >= 0);
    }
}

const struct program programs[] = {
    { "help", "this list", help_main, 1 },
    { "ps", "list processes", ps_main, 0 },
    { "mem", "memory, paging and scheduling counters", mem_main, 0 },
    { "spawn", "N: start N background processes", spawn_main, 1 },
    { "kill", "PID | all: kill a process, or all workers", kill_main, 1 },
    { "pingpong", "N: pass a byte between two processes N times each way", pingpong_main, 0 },
    { "fork", "N: fork, exit and wait N times; copy-on-write faults", fork_main, 0 },
    { "touch", "PAGES: write and verify that many fresh pages", touch_main, 0 },
    { "vmalloc", "PAGES: the same through the kernel's mapped segment", vmalloc_main, 0 },
    { "asids", "use up the ASIDs until they roll over", asids_main, 0 },
    { "tlb", "print the valid TLB entries", tlb_main, 0 },
    { "bench", "[quick] [NAME]: checked integer work", bench_main, 0 },
    { "fault", "every kind of bad access, each in a child", fault_main, 0 },
    { "sleep", "SECONDS", sleep_main, 0 },
    { "echo", "WORDS", echo_main, 1 },
    { "halt", "power off", halt_main, 1 },
    { "panic", "[fault]: make the kernel fail", panic_main, 1 },
    { "init", NULL, init_main, 0 },
    { "sh", NULL, shell_main, 0 },
    { "worker", NULL, worker_main, 0 },
    { NULL, NULL, NULL, 0 },
};

const struct program *find_program(const char *name)
{
    const struct program *p;

    for (p = programs; p->name; p++)
        if (!strcmp(p->name, name))
            return p;
    return NULL;
}

int help_main(int argc, char **argv)
{
    (void)argc, (void)argv;
    for (const struct program *p = programs; p->name; p++)
        if (p->help)
            printf("%-9s %s\n", p->name, p->help);
    return 0;
}

static void report_end(const char *name, u32 status)
{
    if (STATUS_REASON(status) == KILL_REQUEST)
        printf("%s: killed\n", name);
}

static void run_command(char *line)
{
    char *argv[ARG_MAX + 1];
    int argc = 0, pid;
    u32 status = 0;
    const struct program *program;

    for (char *s = line; *s;) {
        while (*s == ' ' || *s == '\t')
            *s++ = 0;
        if (!*s)
            break;
        if (argc < ARG_MAX)
            argv[argc++] = s;
        while (*s && *s != ' ' && *s != '\t')
            s++;
    }
    argv[argc] = NULL;
    if (!argc)
        return;
    program = find_program(argv[0]);
    if (!program || (!program->help && strcmp(argv[0], "worker"))) {
        printf("lab: %s: command not found (try help)\n", argv[0]);
        return;
    }
    if (program->in_shell) {
        program->main(argc, argv);
        return;
    }
    pid = fork();
    if (pid == 0) {
        setgroup();
        exec(argv);
        exit(127);
    }
    if (pid < 0) {
        printf("lab: cannot fork (error %d)\n", -pid);
        return;
    }
    setforeground(pid);
    wait(pid, &status, 0);
    setforeground(0);
    report_end(argv[0], status);
}

/* Collect background processes that ended meanwhile. */
static void reap(void)
{
    while (wait(WAIT_ANY, NULL, WAIT_NOHANG) > 0)
        ;
}

/* The run= option: commands separated by semicolons, shown as if typed. */
static void run_boot_commands(void)
{
    static char text[256];
    char *at = text;

    if (system_call((u32)text, sizeof text, 0, SYS_cmdline) < 0)
        return;
    while (*at) {
        char *end = strchr(at, ';'), *next = end ? end + 1 : at + strlen(at);
        if (end)
            *end = 0;
        printf("lab$ %s\n", at);
        run_command(at);
        reap();
        at = next;
    }
}

int shell_main(int argc, char **argv)
{
    static char line[260];

    (void)argv;
    if (argc > 1) {
        printf("Type help for a list of commands.\n");
        run_boot_commands();
    }
    for (;;) {
        int n;
        reap();
        printf("lab$ ");
        n = read(0, line, sizeof line - 1);
        if (n <= 0)
            continue;
        line[n - (line[n - 1] == '\n')] = 0;
        run_command(line);
    }
}

int main(int argc, char **argv)
{
    const struct program *p = find_program(argv[0]);

    return p ? p->main(argc, argv) : 127;
}
