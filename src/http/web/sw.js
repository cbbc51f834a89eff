// Shows the client without a network: its page, and the files it has loaded. Results of queries are the client's to keep.
const CACHE = 'mula:files'

self.addEventListener('install', (event) => {
  self.skipWaiting()
  event.waitUntil(install())
})

self.addEventListener('activate', (event) => event.waitUntil(self.clients.claim()))

self.addEventListener('fetch', (event) => {
  const { method, mode, url } = event.request
  const { origin, pathname } = new URL(url)
  if (method !== 'GET' || origin !== location.origin) return
  if (mode === 'navigate') event.respondWith(page(event.request))
  else if (pathname.startsWith('/app/assets/')) event.respondWith(file(event.request))
})

/** The page, and the files it begins with. */
async function install() {
  const cache = await caches.open(CACHE)
  const response = await fetch('/app')
  if (!response.ok) throw new Error(`the page: ${response.status}`)
  const html = await response.clone().text()
  await cache.put('/app', response)
  await cache.addAll(html.match(/\/app\/assets\/[\w.-]+/g) ?? [])
}

/** One page for all paths: from the server, or as it was when there was a connection. */
async function page(request) {
  const cache = await caches.open(CACHE)
  try {
    const response = await fetch(request)
    if (response.ok) await keep(cache, response.clone())
    return response
  } catch (error) {
    const kept = await cache.match('/app')
    if (kept) return kept
    throw error
  }
}

/** A page of another version has other files: those of the one before go. */
async function keep(cache, response) {
  const kept = await cache.match('/app')
  if (kept && kept.headers.get('etag') !== response.headers.get('etag')) {
    for (const request of await cache.keys()) await cache.delete(request)
  }
  await cache.put('/app', response)
}

/** A file's name changes with its content. */
async function file(request) {
  const cache = await caches.open(CACHE)
  const kept = await cache.match(request)
  if (kept) return kept
  const response = await fetch(request)
  if (response.ok) await cache.put(request, response.clone())
  return response
}
