/* Where the kernel starts, and the switch from one kernel stack to another. */
#include "cp0.h"
#include "layout.h"

	.set	noreorder
	.section .text.start, "ax"

/* The boot monitor passes argc, argv, envp and the size of memory. */
	.globl	kernel_entry
	.type	kernel_entry, @function
	.ent	kernel_entry
kernel_entry:
	li	$8, ST_BEV			/* kernel mode, nothing enabled */
	mtc0	$8, C0_STATUS
	ehb
	la	$8, __bss_start
	la	$9, __bss_end
1:	sw	$0, 0($8)
	addiu	$8, $8, 4
	bne	$8, $9, 1b
	 nop
	la	$29, boot_stack_top - 32
	move	$31, $0
	j	kernel_main
	 nop
	.end	kernel_entry
	.size	kernel_entry, . - kernel_entry

	.text
/* void switch_context(struct context *from, struct context *to) */
	.globl	switch_context
	.type	switch_context, @function
	.ent	switch_context
switch_context:
	sw	$16, 0($4)
	sw	$17, 4($4)
	sw	$18, 8($4)
	sw	$19, 12($4)
	sw	$20, 16($4)
	sw	$21, 20($4)
	sw	$22, 24($4)
	sw	$23, 28($4)
	sw	$30, 32($4)
	sw	$29, 36($4)
	sw	$31, 40($4)
	lw	$16, 0($5)
	lw	$17, 4($5)
	lw	$18, 8($5)
	lw	$19, 12($5)
	lw	$20, 16($5)
	lw	$21, 20($5)
	lw	$22, 24($5)
	lw	$23, 28($5)
	lw	$30, 32($5)
	lw	$29, 36($5)
	lw	$31, 40($5)
	jr	$31
	 nop
	.end	switch_context
	.size	switch_context, . - switch_context

/*
 * Sleep until an interrupt, unless one has made work already. An interrupt
 * between the test and WAIT would go unnoticed, so handle_interrupt() sends
 * a program found inside this function back to its start.
 */
	.globl	idle_wait, idle_wait_end
	.type	idle_wait, @function
	.ent	idle_wait
idle_wait:
	lui	$8, %hi(need_resched)
	lw	$8, %lo(need_resched)($8)
	bnez	$8, idle_wait_end
	 nop
	wait
idle_wait_end:
	jr	$31
	 nop
	.end	idle_wait
	.size	idle_wait, . - idle_wait

/* void flush_icache_range(start, bytes): write back and drop the lines, the
 * caches' smallest line being 16 bytes. */
	.globl	flush_icache_range
	.type	flush_icache_range, @function
	.ent	flush_icache_range
flush_icache_range:
	addu	$5, $4, $5
1:	cache	0x15, 0($4)			/* Hit_Writeback_Invalidate_D */
	cache	0x10, 0($4)			/* Hit_Invalidate_I */
	addiu	$4, $4, 16
	sltu	$8, $4, $5
	bnez	$8, 1b
	 nop
	sync
	jr.hb	$31
	 nop
	.end	flush_icache_range
	.size	flush_icache_range, . - flush_icache_range

	.section .noinit, "aw", @nobits
	.align	3
	.globl	process_stacks
process_stacks:
	.space	PROCS * KSTACK_SIZE
	.space	4096
boot_stack_top:
