/** The renderer's entry: theme first, so that nothing is painted in the wrong one, then the workbench. */
import './lib/tokens.css';
import './app.css';
import { mount } from 'svelte';
import App from './App.svelte';
import { theme } from './lib/theme.svelte.ts';

theme.apply();
mount(App, { target: document.querySelector('#app')! });
