/* What the user programs share: system calls, printing, the program table. */
#ifndef LAB_USER_H
#define LAB_USER_H

#include "abi.h"
#include "layout.h"
#include "types.h"

int system_call(u32 a0, u32 a1, u32 a2, u32 number);
void exit(int code) __attribute__((noreturn));
static inline int fork(void) { return system_call(0, 0, 0, SYS_fork); }
static inline int exec(char **argv) { return system_call((u32)argv, 0, 0, SYS_exec); }
static inline int wait(int pid, u32 *status, u32 options) { return system_call(pid, (u32)status, options, SYS_wait); }
static inline int getpid(void) { return system_call(0, 0, 0, SYS_getpid); }
static inline int kill(int pid) { return system_call(pid, 0, 0, SYS_kill); }
static inline int sbrk(int bytes) { return system_call(bytes, 0, 0, SYS_sbrk); }
static inline int yield(void) { return system_call(0, 0, 0, SYS_yield); }
static inline int sleep_ms(u32 ms) { return system_call(ms, 0, 0, SYS_sleep); }
static inline int read(int fd, void *p, u32 n) { return system_call(fd, (u32)p, n, SYS_read); }
static inline int write(int fd, const void *p, u32 n) { return system_call(fd, (u32)p, n, SYS_write); }
static inline int pipe(int *ends) { return system_call((u32)ends, 0, 0, SYS_pipe); }
static inline int close(int fd) { return system_call(fd, 0, 0, SYS_close); }
static inline int setgroup(void) { return system_call(0, 0, 0, SYS_setgroup); }
static inline int setforeground(int pid) { return system_call(pid, 0, 0, SYS_setforeground); }
static inline int procinfo(u32 slot, struct procinfo *p) { return system_call(slot, (u32)p, 0, SYS_procinfo); }
static inline int sysinfo(struct sysinfo *s) { return system_call((u32)s, 0, 0, SYS_sysinfo); }
static inline u32 renew_asid(void) { return system_call(0, 0, 0, SYS_asid); }
static inline u32 count(void) { return system_call(0, 0, 0, SYS_count); }

void printf(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
u32 now_ms(void);
int number_argument(int argc, char **argv, u32 otherwise, u32 limit, u32 *value);

struct program {
    const char *name, *help;
    int (*main)(int argc, char **argv);
    int in_shell;           /* runs in the shell itself, not as a process */
};
extern const struct program programs[];
const struct program *find_program(const char *name);

int shell_main(int argc, char **argv);
int bench_main(int argc, char **argv);
int fault_main(int argc, char **argv);
int pingpong_main(int argc, char **argv);
int fork_main(int argc, char **argv);
int touch_main(int argc, char **argv);
int vmalloc_main(int argc, char **argv);
int asids_main(int argc, char **argv);
int ps_main(int argc, char **argv);
int mem_main(int argc, char **argv);
int worker_main(int argc, char **argv);
int spawn_main(int argc, char **argv);
int help_main(int argc, char **argv);
int kill_main(int argc, char **argv);

#endif
