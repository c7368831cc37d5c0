/* The tick, from Count and Compare (PRA: interrupt when they become equal). */
#include "kernel.h"

#define PERIOD (COUNT_HZ / TICK_HZ)

u32 ticks;

void timer_init(void)
{
    write_compare(read_count() + PERIOD);
    ehb();
}

/*
 * Advance by whole periods, however late this runs. Should Count pass the new
 * Compare before it is written, equality would be a full turn of Count away,
 * so check and go on.
 */
void timer_interrupt(void)
{
    u32 compare = read_compare(), late;

    do {
        late = (read_count() - compare) / PERIOD + 1;
        compare += late * PERIOD;
        ticks += late;
        write_compare(compare);
        ehb();
    } while ((s32)(read_count() - compare) >= 0);
    current->ticks += 1;
    wake_sleepers();
    need_resched = 1;
}
