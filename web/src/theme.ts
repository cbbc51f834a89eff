import { read, write } from './stored'

export const themes = ['system', 'light', 'dark'] as const
export type Theme = (typeof themes)[number]

export const theme = (): Theme => themes.find((one) => one === read('theme')) ?? 'system'

export function applyTheme(chosen: Theme = theme()): void {
  document.documentElement.dataset.theme = chosen
  write('theme', chosen === 'system' ? null : chosen)
}
