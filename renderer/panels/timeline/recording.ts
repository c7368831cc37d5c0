/** Whether the timeline's events are recorded; it is the machine's, whether the panel is there or not. */
import { machine } from '../../lib/machine.svelte.ts';

/** Before its first view a machine's events are, as they are unless somebody stops it. */
export const isRecording = (): boolean => machine.view?.recording ?? true;

export function toggleRecording(): void {
  window.kseg.recordTimeline(!isRecording());
}
