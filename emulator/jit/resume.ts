/**
 * What generated code calls where it cannot go on, in place of returning to the dispatcher: what can be done for it
 * without the host is done at once, and execution goes on at that depth. So those who called the code that left are still
 * there when it returns.
 *
 * A function on the host's stack waits for execution to come to its PC in its mode, with its page mapped as it was; it has
 * nothing but its page's address that memory does not have. An exception in user mode has the kernel called from here, and
 * the kernel's return to user mode takes back what is on the stack up to here. If a page with code has left the host TLB
 * meanwhile, all of the stack goes.
 */
import { COUNTED_AT, JIT_COLD_AT, JIT_EXIT_AT, JIT_LEFT_AT, JIT_MODE_AT, JIT_PC_AT, MMU_AT } from '../memory.ts';
import { Ended, Entered } from './cold-loop.ts';
import { EXIT_REASON, MOST_CALLS, NOWHERE, Reason } from './exits.ts';
import type { ExceptionPaths } from './exception-paths.ts';
import type { Expressions, Value } from './expressions.ts';
import { REMOVALS } from './mmu-paths.ts';

/**
 * Writes `resume(exit, pc, left, depth)`, which returns what a region does.
 * @param enter index of the first of the two modes' `enter`
 * @param cold and of what interprets cold code
 * @param paths what can be done without the host, or null: nothing
 */
export function emitResume(e: Expressions, enter: number, cold: number, paths: ExceptionPaths | null): void {
  e.body(4, (exit, pc, left, depth) => {
    const reason = e.local(e.shr(exit!, EXIT_REASON));
    const mode = e.local(e.load(0, JIT_MODE_AT));
    e.store(0, JIT_PC_AT, pc!);
    e.store(0, JIT_LEFT_AT, left!);

    const leaveWith = (code: Value) => {
      e.store(0, JIT_EXIT_AT, code);
      e.return(NOWHERE, 0);
    };
    const leave = (why: Reason) => leaveWith(why << EXIT_REASON);
    const takePlace = () => {
      e.set(pc!, e.load(0, JIT_PC_AT));
      e.set(left!, e.load(0, JIT_LEFT_AT));
    };
    const goOn = () => {
      takePlace();
      e.if(mode, () => e.returnDirect(enter + 1, pc!, left!, depth!));
      e.returnDirect(enter, pc!, left!, depth!);
    };

    e.if(e.is(reason, Reason.Cold), () => {
      e.if(e.not(e.load(0, JIT_COLD_AT.waits)), () => {
        const ended = e.local(0);
        const interpret = (index: number) => () => e.set(ended, e.call(index, pc!, left!, Entered.Now));
        e.if(mode, interpret(cold + 1), interpret(cold));
        e.increase(0, JIT_COLD_AT.executed, e.sub(left!, e.load(0, JIT_LEFT_AT)));
        e.if(e.is(ended, Ended.Found), () => {
          e.increase(0, JIT_COLD_AT.found, 1);
          goOn();
        });
        e.store(0, JIT_COLD_AT.ended, ended);
      });
      leaveWith(exit!);
    });

    if (paths) {
      const refuseIf = (condition: Value) => e.if(condition, () => leaveWith(exit!));
      refuseIf(e.or(e.not(paths.isOpen()), e.not(e.isBelow(e.sub(reason, Reason.Miss), Reason.Stepped - Reason.Miss))));
      const removals = e.local(removalsOf(e, mode));
      e.if(
        e.is(reason, Reason.Syscall),
        () => paths.syscall(refuseIf),
        () =>
          e.if(
            e.is(reason, Reason.Eret),
            () => paths.eret(refuseIf),
            () => paths.missed(exit!, refuseIf),
          ),
      );
      e.increase(e.shl(reason, 2), COUNTED_AT.exits, 1);
      e.if(e.is(e.load(0, JIT_MODE_AT), mode), () => {
        e.if(e.is(removalsOf(e, mode), removals), goOn);
        leave(Reason.Stepped);
      });
      e.if(e.not(mode), () => leave(Reason.Arrived));
      e.if(e.not(e.isLess(depth!, MOST_CALLS)), () => leave(Reason.Stepped));
      takePlace();
      e.loop((again) => {
        e.setAll([pc!, left!], e.call(enter, pc!, left!, e.add(depth!, 1)));
        again(e.not(e.load(0, JIT_EXIT_AT)));
      });
      const hasArrived = e.is(e.load(0, JIT_EXIT_AT), Reason.Arrived << EXIT_REASON);
      e.if(e.and(hasArrived, e.is(removalsOf(e, mode), removals)), () => {
        e.store(0, JIT_EXIT_AT, Reason.None);
        goOn();
      });
      return e.return(NOWHERE, 0);
    }
    leaveWith(exit!);
  });
}

/** How many pages with code a mode's host TLB has dropped. */
function removalsOf(e: Expressions, mode: Value): Value {
  return e.load(e.mul(mode, MMU_AT.hostTlbs[1] - MMU_AT.hostTlbs[0]), MMU_AT.hostTlbs[0] + REMOVALS);
}
