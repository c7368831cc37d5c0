/*
 * Work for a Linux kernel: bench-linux NAME PASSES prints `start NAME` and
 * `done NAME CHECKSUM`. System calls and their numbers are o32's.
 */
#include "bench.h"

enum {
    SYS_EXIT = 4001,
    SYS_FORK = 4002,
    SYS_READ = 4003,
    SYS_WRITE = 4004,
    SYS_WAITPID = 4007,
    SYS_EXECVE = 4011,
    SYS_CACHEFLUSH = 4147,
    SYS_MMAP2 = 4210,
};

s32 system_call(u32 number, ...);
s32 make_pipe(s32 ends[2]);
u32 ask_parent(u32 times);

static void print(const char *text)
{
    system_call(SYS_WRITE, 1, text, strlen(text));
}

static void print_line(const char *mark, const char *name, const char *more)
{
    char line[80];
    u32 length = 0;
    const char *const parts[] = { mark, " ", name, more, "\n" };

    for (u32 i = 0; i < LENGTH(parts); i++)
        for (const char *s = parts[i]; *s && length + 1 < sizeof line; s++)
            line[length++] = *s;
    line[length] = 0;
    print(line);
}

static void __attribute__((noreturn)) leave(s32 status)
{
    for (;;)
        system_call(SYS_EXIT, status);
}

/* What may not fail. */
static s32 sure(s32 result, const char *what)
{
    if (result < 0) {
        print_line("failed:", what, "");
        leave(1);
    }
    return result;
}

static u8 exchange(s32 from, s32 to, u8 byte, u32 first)
{
    if (first)
        sure(system_call(SYS_WRITE, to, &byte, 1), "write");
    sure(system_call(SYS_READ, from, &byte, 1), "read");
    if (!first)
        sure(system_call(SYS_WRITE, to, &byte, 1), "write");
    return byte;
}

/* Two processes and two pipes: a byte goes forth and back, two changes of address space a pass. */
static u32 pingpong(u32 passes)
{
    s32 forth[2], back[2], child;
    u32 sum = 0;

    sure(make_pipe(forth), "pipe");
    sure(make_pipe(back), "pipe");
    child = sure(system_call(SYS_FORK), "fork");
    if (child == 0) {
        for (u32 i = 0; i < passes; i++)
            exchange(forth[0], back[1], 0, 0);
        leave(0);
    }
    for (u32 i = 0; i < passes; i++)
        sum = mix(sum, exchange(back[0], forth[1], i, 1));
    sure(system_call(SYS_WAITPID, child, 0, 0), "waitpid");
    return sum;
}

/* A storm: 16 children a pass, alive together, each writes to 12 pages that it shares until then. */
static u32 forks(u32 passes)
{
    static u32 pages[12][1024] __attribute__((aligned(4096)));
    u32 sum = 0;

    for (u32 i = 0; i < 12; i++)
        pages[i][0] = i;
    for (u32 n = 0; n < passes; n++) {
        s32 children[16], status;
        for (u32 i = 0; i < 16; i++) {
            children[i] = sure(system_call(SYS_FORK), "fork");
            if (children[i] == 0) {
                u32 own = n + i;
                for (u32 k = 0; k < 12; k++)
                    own += pages[k][0] += own;
                leave(own & 0x7f);
            }
        }
        for (u32 i = 0; i < 16; i++) {
            sure(system_call(SYS_WAITPID, children[i], &status, 0), "waitpid");
            sum = mix(sum, (u32)status);
        }
    }
    return sum;
}

/* The same with new programs: busybox's `true`, 8 a pass, one after the other. */
static u32 execs(u32 passes)
{
    static const char *const arguments[] = { "true", NULL }, *const environment[] = { NULL };
    u32 sum = 0;

    for (u32 n = 0; n < passes * 8; n++) {
        s32 status, child = sure(system_call(SYS_FORK), "fork");
        if (child == 0) {
            system_call(SYS_EXECVE, "/bin/busybox", arguments, environment);
            leave(99);
        }
        sure(system_call(SYS_WAITPID, child, &status, 0), "waitpid");
        sum = mix(sum, (u32)status);
    }
    return sum;
}

/* 1000 system calls a pass, next to nothing each. */
static u32 syscalls(u32 passes)
{
    u32 parent = system_call(4064), bad = 0;

    for (u32 n = 0; n < passes; n++)
        bad += ask_parent(1000) != parent * 1000;
    return bad ? 0xbad : passes;
}

/*
 * Code that never was: a function a pass, of 126 instructions that depend on the pass and on what came before, called
 * 400 times. 64 pages take turns, so that all but the first 64 functions replace another.
 */
static u32 newcode(u32 passes)
{
    u32 *pages = (u32 *)sure(system_call(SYS_MMAP2, 0, 64 * 4096, 7, 0x802, -1, 0), "mmap");
    u32 sum = passes;

    for (u32 n = 0; n < passes; n++) {
        u32 *code = pages + (n & 63) * 1024;
        u32 (*function)(u32, u32) = (u32(*)(u32, u32))code;
        for (u32 i = 0; i < 126; i++) {
            sum = mix(sum, n + i);
            /* addiu $4,$4,x; xori $4,$4,x; addu $4,$4,$5; rotr $4,$4,x */
            code[i] = (u32[]){ 0x24840000 | (sum & 0xffff), 0x38840000 | (sum & 0xffff), 0x00852021,
                               0x00242002 | (sum & 0x7c0) }[sum >> 30];
        }
        code[126] = 0x03e00008; /* jr $31 */
        code[127] = 0x00801025; /* or $2,$4,$0 */
        sure(system_call(SYS_CACHEFLUSH, code, 512, 3), "cacheflush");
        for (u32 i = 0; i < 400; i++)
            sum = function(sum, i);
    }
    return sum;
}

/* A walk through 8192 pages, one word in each, in no order: a TLB miss a step, 8192 steps a pass. */
#define PAGES 8192u
static u8 *chased;

static void prepare_chase(void)
{
    s32 mapped = system_call(SYS_MMAP2, 0, PAGES * 4096, 3, 0x802, -1, 0);
    u32 page = 0;

    /* An error is one of the last 4095 addresses. */
    if ((u32)mapped > 0xfffff000u)
        sure(-1, "mmap");
    chased = (u8 *)mapped;
    /* With a factor of 4 n + 1 and an odd summand every page comes once. */
    for (u32 i = 0; i < PAGES; i++) {
        u32 next = (page * 1229 + 3571) & (PAGES - 1);
        *(u8 **)(chased + page * 4096 + (page * 132 & 4092)) = chased + next * 4096 + (next * 132 & 4092);
        page = next;
    }
}

static u32 chase(u32 passes)
{
    u8 *at = chased;
    u32 sum = 0;

    for (u32 n = 0; n < passes; n++) {
        for (u32 i = 0; i < PAGES; i++)
            at = *(u8 **)at;
        sum = mix(sum, at - chased);
        at = *(u8 **)at;
    }
    return sum;
}

/* `prepare` is done before the time is taken. */
static const struct {
    const char *name;
    u32 (*run)(u32 passes);
    void (*prepare)(void);
} programs[] = {
    { "pingpong", pingpong, NULL }, { "forks", forks, NULL },         { "execs", execs, NULL },
    { "syscalls", syscalls, NULL }, { "newcode", newcode, NULL },     { "chase", chase, prepare_chase },
};

int main(int argc, char **argv)
{
    u32 passes = 0, sum;
    char checksum[12] = " 0x00000000";

    if (argc != 3) {
        print("usage: bench-linux NAME PASSES\n");
        return 2;
    }
    for (const char *digit = argv[2]; *digit >= '0' && *digit <= '9'; digit++)
        passes = passes * 10 + (*digit - '0');
    for (u32 i = 0; i < LENGTH(programs); i++) {
        if (strcmp(argv[1], programs[i].name))
            continue;
        if (programs[i].prepare)
            programs[i].prepare();
        print_line("start", programs[i].name, "");
        sum = programs[i].run(passes);
        for (u32 k = 0; k < 8; k++)
            checksum[3 + k] = "0123456789abcdef"[sum >> (28 - 4 * k) & 15];
        print_line("done", programs[i].name, checksum);
        return 0;
    }
    print_line("there is no", argv[1], "");
    return 2;
}
