/** The pictures of kernel tables, kept in localStorage. */
import { library } from '../lib/library.svelte.ts';
import { machine } from '../lib/machine.svelte.ts';
import { choiceOf, settingsOf, type Choice, type Settings } from './settings.ts';
import { foldTable, parsePictures, pictureKey, withPicture, type TablePicture } from './table-pictures.ts';

const KEY = 'kseg.tables';

class Pictures {
  /** The run that was last pictured, if there was anything to keep of it; machine.generation. */
  takenOf = $state(-1);
  #all = $state.raw(parsePictures(localStorage.getItem(KEY)));

  of(choice: Choice, settings: Settings): TablePicture | undefined {
    const key = pictureKey(choice, settings);
    return key === null ? undefined : this.#all[key];
  }

  /** Takes the picture of the machine that has just booted. */
  take(): void {
    this.takenOf = machine.generation;
    const { info, kernel, request } = machine;
    const choice = choiceOf(request.request, library.kernels);
    const key = choice && pictureKey(choice, settingsOf(request.request, choice));
    if (!info || !kernel || !key) return;
    const shades = foldTable(kernel.counts, info.geometry.pagesPerSlot);
    this.#all = withPicture(this.#all, key, { machine: info.machine, shades });
    localStorage.setItem(KEY, JSON.stringify(this.#all));
  }
}

export const tablePictures = new Pictures();
