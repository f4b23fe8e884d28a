// Call every method of cos-js-sdk-v5 from this page against the local cloud and report the outcomes to the test.

import { LARGE_BYTES, run } from './sdk_scenarios.mjs';

async function outcomes() {
  const { COS } = window;
  const { region, ...credentials } = await (await fetch('/settings.json')).json();
  const cos = new COS({ ...credentials, ChunkRetryTimes: 0 });
  const platform = {
    clear: () => fetch('/clear', { method: 'POST' }),
    bytes: (size) => new Blob([new Uint8Array(size)]),
    large: { Body: new Blob([new Uint8Array(LARGE_BYTES)]) },
    film: await (await fetch('/film.mp4')).blob(),
    scenarios: {},
  };
  return await run({ COS, cos, region, platform });
}

const report = await outcomes().then((list) => ({ outcomes: list }), (error) => ({ error: String(error.stack || error) }));
await fetch('/report', { method: 'POST', body: JSON.stringify(report) });
