// Small values that outlive the page: choices in localStorage, an unfinished question in sessionStorage.

const open = (area: 'local' | 'session'): Storage | null => {
  try {
    return area === 'local' ? localStorage : sessionStorage
  } catch {
    return null
  }
}

export function read(key: string, area: 'local' | 'session' = 'local'): string | null {
  return open(area)?.getItem(`mula:${key}`) ?? null
}

export function write(key: string, value: string | null, area: 'local' | 'session' = 'local'): void {
  if (value === null) open(area)?.removeItem(`mula:${key}`)
  else open(area)?.setItem(`mula:${key}`, value)
}
