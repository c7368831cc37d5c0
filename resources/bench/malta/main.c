/*
 * The benchmark's prompt, on the Malta's first UART (polled; ISA I/O at
 * 0x18000000). Commands:
 *   list                        the programs, each with its group
 *   NAME PASSES [WARMUPS]       runs a program
 * A run prints `start NAME` and `done NAME CHECKSUM`, for the host to time.
 */
#include "bench.h"

#define UART ((volatile u8 *)0xb80003f8)
enum { DATA = 0, FIFO = 2, LINE_CONTROL = 3, LINE_STATUS = 5 };
#define RECEIVED 0x01
#define HOLDING_EMPTY 0x20
#define ALL_SENT 0x40

/* Count runs at some 100 to 200 MHz. */
#define TICKS_PER_MS 160000u

/*
 * An emulator that sizes a soft TLB by its use does so when it is flushed, for
 * which a change of ASID is the guest's only means here. Ten of them, with a
 * pass in between, let it grow to what the program needs.
 */
#define WARMUPS 10

u8 arena[ARENA_SIZE] __attribute__((aligned(4096)));

void wait_tick(u32 ticks);
void set_asid(u32 asid);

static void put(char c)
{
    while (!(UART[LINE_STATUS] & HOLDING_EMPTY))
        ;
    UART[DATA] = c;
}

static void print(const char *text)
{
    for (; *text; text++) {
        if (*text == '\n')
            put('\r');
        put(*text);
    }
}

static void print_hex(u32 value)
{
    for (s32 shift = 28; shift >= 0; shift -= 4)
        put("0123456789abcdef"[value >> shift & 15]);
}

/* A waiting guest sleeps, so that it takes no time from the one beside it. */
static char get(void)
{
    while (!(UART[LINE_STATUS] & RECEIVED))
        wait_tick(10 * TICKS_PER_MS);
    return UART[DATA];
}

static void read_line(char *line, u32 size)
{
    u32 length = 0;

    for (;;) {
        char c = get();
        if (c == '\r' || c == '\n')
            break;
        if (length + 1 < size)
            line[length++] = c;
    }
    line[length] = 0;
}

/* Cuts the first word off; returns it, '' at the end. */
static char *word(char **rest)
{
    char *start = *rest, *end;

    while (*start == ' ')
        start++;
    for (end = start; *end && *end != ' '; end++)
        ;
    *rest = *end ? end + 1 : end;
    *end = 0;
    return start;
}

static u32 number(const char *digits, u32 absent)
{
    u32 value = 0;

    if (!*digits)
        return absent;
    for (; *digits >= '0' && *digits <= '9'; digits++)
        value = value * 10 + (*digits - '0');
    return value;
}

static const struct program *find(const struct program *programs, const char *name)
{
    for (; programs->name; programs++)
        if (!strcmp(programs->name, name))
            return programs;
    return NULL;
}

static void run(const struct program *program, u32 passes, u32 warmups)
{
    u32 checksum;

    for (u32 i = 0; i < warmups; i++) {
        set_asid(i + 1 & 0xff);
        program->run(1);
    }
    print("start ");
    print(program->name);
    print("\n");
    while (!(UART[LINE_STATUS] & ALL_SENT))
        ;
    /* A moment's sleep, in which an emulator that passes on output between slices passes this on. */
    wait_tick(TICKS_PER_MS / 10);
    checksum = program->run(passes);
    print("done ");
    print(program->name);
    print(" 0x");
    print_hex(checksum);
    print("\n");
}

static void list(char group, const struct program *programs)
{
    for (; programs->name; programs++) {
        print("program ");
        put(group);
        put(' ');
        print(programs->name);
        print("\n");
    }
}

void exception(u32 cause, u32 epc)
{
    print("\nunexpected exception: cause 0x");
    print_hex(cause);
    print(", epc 0x");
    print_hex(epc);
    print("\n");
    for (;;)
        wait_tick(1000 * TICKS_PER_MS);
}

void main(void)
{
    static char line[128];

    UART[LINE_CONTROL] = 0x03; /* 8 bits, no parity */
    UART[FIFO] = 0x07;         /* on, both emptied */
    for (;;) {
        char *rest = line, *name;
        const struct program *program;
        u32 passes;

        print("bench> ");
        read_line(line, sizeof line);
        name = word(&rest);
        if (!*name)
            continue;
        if (!strcmp(name, "list")) {
            list('a', integer_programs);
            list('b', float_programs);
            continue;
        }
        program = find(integer_programs, name);
        if (!program)
            program = find(float_programs, name);
        if (!program) {
            print("there is no ");
            print(name);
            print("\n");
            continue;
        }
        passes = number(word(&rest), 1);
        run(program, passes, number(word(&rest), WARMUPS));
    }
}
