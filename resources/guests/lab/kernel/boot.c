/*
 * What the boot monitor tells: argv[1] is the command line, envp holds pairs
 * of name and value. The tables lie in low memory, where real kseg0 points;
 * for a trap-and-emulate guest every load from there is emulated as a device
 * access, so they are read word by word and byte by byte, once.
 */
#include "kernel.h"

u32 boot_memory;
char boot_command_line[256];
int boot_quiet;

static void fetch_string(char *dst, u32 from, u32 size)
{
    u32 i = 0;

    if (from >= 0x80000000)
        for (; i + 1 < size; i++)
            if (!(dst[i] = *(const volatile char *)(from + i)))
                break;
    dst[i] = 0;
}

static u32 fetch_word(u32 from)
{
    return *(const volatile u32 *)from;
}

/* Finds NAME or NAME= as a word of the command line; options end at run=. */
static const char *find_option(const char *name)
{
    u32 n = strlen(name);
    const char *s = boot_command_line;

    while (*s) {
        while (*s == ' ')
            s++;
        if (!strncmp(s, name, n) && (name[n - 1] == '=' || s[n] == ' ' || !s[n]))
            return s + n;
        if (!strncmp(s, "run=", 4))
            return NULL;
        while (*s && *s != ' ')
            s++;
    }
    return NULL;
}

/* Shell commands to run first: the rest of the command line after run=. */
const char *boot_run_option(void)
{
    const char *s = find_option("run=");

    return s ? s : "";
}

void boot_read_arguments(u32 argc, u32 argv, u32 envp, u32 ramsize)
{
    char name[16], value[24];
    u32 bytes = ramsize;

    if (argc >= 2 && argv >= 0x80000000)
        fetch_string(boot_command_line, fetch_word(argv + 4), sizeof boot_command_line);
    if (envp >= 0x80000000) {
        for (u32 i = 0; i < 32; i++, envp += 8) {
            u32 p = fetch_word(envp);
            if (!p)
                break;
            fetch_string(name, p, sizeof name);
            if (strcmp(name, "memsize"))
                continue;
            fetch_string(value, fetch_word(envp + 4), sizeof value);
            if (!parse_number(value, &bytes))
                bytes = ramsize;
        }
    }
    if (bytes < 0x00400000)
        bytes = 0x01000000;
    if (bytes > RAM_LIMIT)
        bytes = RAM_LIMIT;
    boot_memory = bytes;
    boot_quiet = find_option("quiet") != NULL;
}
