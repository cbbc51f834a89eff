// Stands in for react-style-singleton, which writes <style> elements: a strict
// Content-Security-Policy refuses those, and lets constructed style sheets be.
import { useEffect } from 'react'

export function stylesheetSingleton() {
  let users = 0
  let sheet
  return {
    add(css) {
      if (users++ > 0) return
      sheet = new CSSStyleSheet()
      sheet.replaceSync(css)
      document.adoptedStyleSheets = [...document.adoptedStyleSheets, sheet]
    },
    remove() {
      if (--users > 0) return
      document.adoptedStyleSheets = document.adoptedStyleSheets.filter((s) => s !== sheet)
    },
  }
}

export function styleHookSingleton() {
  const sheet = stylesheetSingleton()
  return (css, dynamic) =>
    useEffect(() => {
      sheet.add(css)
      return () => sheet.remove()
    }, [css && dynamic])
}

export function styleSingleton() {
  const useStyle = styleHookSingleton()
  return function Style({ styles, dynamic }) {
    useStyle(styles, dynamic)
    return null
  }
}
