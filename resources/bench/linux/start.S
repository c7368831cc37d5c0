/* A Linux program's entry, and system calls (o32: number in $2, error flag in $7). */
	.set	noreorder
	.text
	.globl	__start
	.ent	__start
__start:
	lw	$4, 0($29)		/* argc */
	addiu	$5, $29, 4		/* argv */
	li	$8, -8
	and	$29, $29, $8
	jal	main
	 addiu	$29, $29, -16
	move	$4, $2
	li	$2, 4001		/* exit */
	syscall
	.end	__start

/* s32 system_call(u32 number, a, b, c, d, e, f): the result, or minus the error's number */
	.globl	system_call
	.ent	system_call
system_call:
	addiu	$29, $29, -32
	move	$2, $4
	move	$4, $5
	move	$5, $6
	move	$6, $7
	lw	$7, 48($29)
	lw	$8, 52($29)
	sw	$8, 16($29)
	lw	$8, 56($29)
	sw	$8, 20($29)
	syscall
	beqz	$7, 1f
	 addiu	$29, $29, 32
	subu	$2, $0, $2
1:	jr	$31
	 nop
	.end	system_call

/* s32 make_pipe(s32 ends[2]): o32 returns the two in $2 and $3 */
	.globl	make_pipe
	.ent	make_pipe
make_pipe:
	sw	$4, 0($29)
	li	$2, 4042
	syscall
	lw	$9, 0($29)
	bnez	$7, 1f
	 nop
	sw	$2, 0($9)
	sw	$3, 4($9)
	jr	$31
	 move	$2, $0
1:	jr	$31
	 subu	$2, $0, $2
	.end	make_pipe

/* u32 ask_parent(u32 times): the sum of that many getppid() */
	.globl	ask_parent
	.ent	ask_parent
ask_parent:
	addiu	$29, $29, -16
	sw	$16, 4($29)
	sw	$17, 8($29)
	move	$16, $4
	move	$17, $0
1:	li	$2, 4064
	syscall
	addiu	$16, $16, -1
	bnez	$16, 1b
	 addu	$17, $17, $2
	move	$2, $17
	lw	$16, 4($29)
	lw	$17, 8($29)
	jr	$31
	 addiu	$29, $29, 16
	.end	ask_parent
