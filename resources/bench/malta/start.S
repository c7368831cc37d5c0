/*
 * Entry and exceptions, on a 24Kf (MIPS32 PRA, MD00090). Everything runs in
 * kernel mode in kseg0. The only exception there should be is the timer's
 * interrupt, which ends a WAIT; any other is printed and is the end.
 */
	.set	noreorder
	.set	noat

#define C0_COUNT	$9
#define C0_ENTRYHI	$10
#define C0_COMPARE	$11
#define C0_STATUS	$12
#define C0_CAUSE	$13
#define C0_EPC		$14
#define C0_EBASE	$15, 1

/* CU1, IM7; with BEV, ERL, EXL and IE clear, and FR clear: pairs of 32-bit FPRs. */
#define STATUS		0x20008000
#define STATUS_BEV	0x00400000

	.section .vectors, "ax", @progbits
	.globl	vectors
vectors:
	b	unexpected		/* +0x000: TLB refill */
	 nop
	.org	vectors + 0x180
	mfc0	$26, C0_CAUSE
	ext	$27, $26, 2, 5
	bnez	$27, unexpected
	 nop
	/* An interrupt, so the timer's: the next one is `tick` away. */
1:	lui	$27, %hi(tick)
	lw	$27, %lo(tick)($27)
	mfc0	$26, C0_COUNT
	addu	$26, $26, $27
	mtc0	$26, C0_COMPARE
	ehb
	mfc0	$27, C0_COUNT
	subu	$27, $27, $26
	bgez	$27, 1b			/* Count was there first: it would match a whole round later */
	 nop
	eret
	nop
unexpected:
	la	$29, stack_top - 32
	mfc0	$4, C0_CAUSE
	mfc0	$5, C0_EPC
	j	exception
	 nop

	.text
	.globl	start
	.ent	start
start:
	li	$8, STATUS | STATUS_BEV	/* EBase may only change while BEV is set */
	mtc0	$8, C0_STATUS
	ehb
	la	$8, vectors
	mtc0	$8, C0_EBASE
	ehb
	li	$8, STATUS
	mtc0	$8, C0_STATUS
	mtc0	$0, C0_CAUSE
	mtc0	$0, C0_ENTRYHI
	ehb
	ctc1	$0, $31			/* round to nearest, no exceptions, denormals kept */
	la	$8, __bss_start
	la	$9, __bss_end
1:	sw	$0, 0($8)
	addiu	$8, $8, 4
	bne	$8, $9, 1b
	 nop
	la	$29, stack_top - 32
	la	$31, vectors
	j	main
	 nop
	.end	start

/*
 * void wait_tick(u32 ticks): sleeps until Count has gone `ticks` further, or
 * twice that when the interrupt comes just before the WAIT.
 */
	.globl	wait_tick
wait_tick:
	lui	$8, %hi(tick)
	sw	$4, %lo(tick)($8)
1:	mfc0	$8, C0_COUNT
	addu	$8, $8, $4
	mtc0	$8, C0_COMPARE
	ehb
	mfc0	$9, C0_COUNT
	subu	$9, $9, $8
	bgez	$9, 1b			/* as in the handler */
	 nop
	ei
	ehb
	wait
	di
	ehb
	jr	$31
	 nop

/* void set_asid(u32 asid) */
	.globl	set_asid
set_asid:
	mtc0	$4, C0_ENTRYHI
	ehb
	jr	$31
	 nop

	.local	stack
	.comm	stack, 65536, 16
	.equ	stack_top, stack + 65536
	.local	tick
	.comm	tick, 4, 4
