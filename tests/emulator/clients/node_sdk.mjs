// Call every method of cos-nodejs-sdk-v5 against the local cloud and print one JSON line each.
//
//   node node_sdk.mjs FOLDER_WITH_NODE_MODULES   (ENDPOINT, REGION, SECRET_ID, SECRET_KEY, FILM in the environment)

import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BUCKET, LARGE_BYTES, equal, run } from './sdk_scenarios.mjs';

const require = createRequire(join(process.argv[2], 'index.js'));
const COS = require('cos-nodejs-sdk-v5');
const { ENDPOINT, REGION, SECRET_ID, SECRET_KEY, FILM } = process.env;
const at = { Bucket: BUCKET, Region: REGION };
const folder = mkdtempSync(join(tmpdir(), 'cos-'));
const large = join(folder, 'large');
writeFileSync(large, Buffer.alloc(LARGE_BYTES, 'a'));

const cos = new COS({ SecretId: SECRET_ID, SecretKey: SECRET_KEY, Protocol: 'http:', Proxy: ENDPOINT, ChunkRetryTimes: 0 });

const platform = {
  clear: () => fetch(`${ENDPOINT}/_emulator/clear`, { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: '{}' }),
  bytes: (size) => Buffer.alloc(size),
  large: { FilePath: large },
  film: readFileSync(FILM),
  scenarios: {
    downloadFile: async () => {
      const file = join(folder, 'down');
      await cos.downloadFile({ ...at, Key: 'film.mp4', FilePath: file });
      equal(readFileSync(file).equals(readFileSync(FILM)), true);
    },
    getObjectStream: async () => {
      const chunks = [];
      await new Promise((done, fail) => {
        const stream = cos.getObjectStream({ ...at, Key: 'a.txt' }, (error) => error && fail(error));
        stream.on('data', (chunk) => chunks.push(chunk)).on('end', done).on('error', fail);
      });
      equal(Buffer.concat(chunks).toString(), 'hello');
    },
  },
};

for (const outcome of await run({ COS, cos, region: REGION, platform })) console.log(JSON.stringify(outcome));
