// What each method of COS's SDKs for JavaScript has to do against the local cloud, in Node and in a page alike.
//
// `platform` holds what the two have different:
//   clear()      makes the cloud as it was when it started, and ready for this client
//   bytes(size)  a body of that many bytes
//   large        a file of LARGE_BYTES bytes, as the parameter that the SDK takes it by
//   film         the bytes of a film
//   scenarios    those of methods that only this SDK has

export const BUCKET = 'examplebucket-1250000000';
const SECOND = 'second-1250000000';
const MIB = 1024 * 1024;
export const LARGE_BYTES = 2 * MIB + 5;

const LOCAL = new Set(['getObjectUrl', 'getAuth', 'getV4Auth']);
// The tasks of the SDK's own queue, and old spellings of methods that are listed under their new one.
const INNER = /^(_|constructor$|init$|on$|off$|emit$|getTaskList$|cancelTask$|pauseTask$|restartTask$|isUploadRunning$|.*(CORS|ACL)$)/;
const DOCUMENTS = {
  Rules: [{}], Domain: [{}], Origin: [{}], DomainRule: [{ Status: 'ENABLED', Name: 'a.com', Type: 'REST' }], OriginRule: [{}],
  BucketLoggingStatus: {}, InventoryConfiguration: {}, AccelerateConfiguration: { Status: 'Enabled' }, Id: '1',
  WebsiteConfiguration: { IndexDocument: { Suffix: 'index.html' } }, RefererConfiguration: { Status: 'Enabled', RefererType: 'White-List', DomainList: { Domains: ['a.com'] } },
  ReplicationConfiguration: { Role: 'a', Rules: [{}] }, ServerSideEncryptionConfiguration: { Rule: [{}] },
  SelectType: 2, SelectRequest: { Expression: 'Select * from COSObject', ExpressionType: 'SQL', InputSerialization: {}, OutputSerialization: {} },
};

// Call each public method of the SDK; return its outcome, by name.
export async function run({ COS, cos, region, platform }) {
  const key = { Bucket: BUCKET, Region: region, Key: 'a.txt' };
  const scenarios = scenariosOf(cos, region, platform);
  const outcomes = [];
  for (const name of Object.keys(COS.prototype).filter((each) => !INNER.test(each)).sort()) {
    await platform.clear();
    await cos.putObject({ ...key, Body: 'hello' });
    await cos.putObject({ ...key, Key: 'film.mp4', Body: platform.film });
    outcomes.push({ operation: name, ...(await outcome(cos, name, key, scenarios[name])) });
  }
  return outcomes;
}

async function outcome(cos, name, key, scenario) {
  try {
    if (scenario) {
      await scenario();
      return { result: 'works', detail: '' };
    }
    if (LOCAL.has(name)) {
      equal(typeof cos[name](key), 'string');
      return { result: 'sends nothing', detail: '' };
    }
    // by callback: a method that returns a stream rejects nothing
    await new Promise((done, fail) => cos[name]({ ...key, ...DOCUMENTS }, (error, data) => (error ? fail(error) : done(data))));
    return { result: 'differs', detail: 'succeeded' };
  } catch (error) {
    if (error && error.statusCode === 501 && !scenario) return { result: 'refused by name', detail: '' };
    const { statusCode, code, message } = error || {};
    return { result: 'differs', detail: [statusCode, code, message || error].filter(Boolean).join(' ').slice(0, 160) };
  }
}

export function equal(actual, expected) {
  const [left, right] = [JSON.stringify(actual), JSON.stringify(expected)];
  if (left !== right) throw new Error(`${left} is not ${right}`);
}

async function rejects(promise) {
  const failed = await promise.then(() => false, () => true);
  if (!failed) throw new Error('succeeded');
}

function scenariosOf(cos, region, platform) {
  const at = { Bucket: BUCKET, Region: region };
  const key = { ...at, Key: 'a.txt' };
  const source = `${BUCKET}.cos.${region}.myqcloud.com/a.txt`;
  const call = (name, params) => cos[name](params);
  const body = async (name) => String((await call('getObject', { ...at, Key: name })).Body);
  const multipart = async () => {
    const { UploadId } = await call('multipartInit', { ...at, Key: 'b' });
    const first = await call('multipartUpload', { ...at, Key: 'b', UploadId, PartNumber: 1, Body: platform.bytes(MIB) });
    const second = await call('uploadPartCopy', { ...at, Key: 'b', UploadId, PartNumber: 2, CopySource: source });
    equal((await call('multipartListPart', { ...at, Key: 'b', UploadId })).Part.length, 2);
    equal((await call('multipartList', at)).Upload.length, 1);
    const Parts = [first, second].map((part, index) => ({ PartNumber: index + 1, ETag: part.ETag }));
    await call('multipartComplete', { ...at, Key: 'b', UploadId, Parts });
    equal((await call('headObject', { ...at, Key: 'b' })).headers['content-length'], String(MIB + 5));
  };
  const tags = [{ Key: 'a', Value: 'b' }];
  const rule = { AllowedOrigin: ['*'], AllowedMethod: ['GET', 'DELETE'], AllowedHeader: ['*'], ExposeHeader: [], MaxAgeSeconds: '5' };
  const bucketTags = async () => {
    await call('putBucketTagging', { ...at, Tags: tags });
    equal((await call('getBucketTagging', at)).Tags, tags);
    await call('deleteBucketTagging', at);
  };
  const objectTags = async () => {
    await call('putObjectTagging', { ...key, Tags: tags });
    equal((await call('getObjectTagging', key)).Tags, tags);
    await call('deleteObjectTagging', key);
  };
  const cors = async () => {
    await call('putBucketCors', { ...at, CORSRules: [rule] });
    equal((await call('getBucketCors', at)).CORSRules[0].AllowedMethods, ['GET', 'DELETE']);
    await call('deleteBucketCors', at);
  };
  const lifecycle = async () => {
    const Rules = [{ ID: '1', Filter: { Prefix: 'a' }, Status: 'Enabled', Expiration: { Days: '1' } }];
    await call('putBucketLifecycle', { ...at, Rules });
    equal((await call('getBucketLifecycle', at)).Rules[0].ID, '1');
    await call('deleteBucketLifecycle', at);
  };
  const policy = async () => {
    const Policy = { version: '2.0', Statement: [{ Effect: 'allow', Action: ['name/cos:GetObject'], Principal: { qcs: ['qcs::cam::uin/1:uin/1'] }, Resource: ['*'] }] };
    await call('putBucketPolicy', { ...at, Policy });
    equal((await call('getBucketPolicy', at)).Policy.version, '2.0');
    await call('deleteBucketPolicy', at);
  };
  const versions = async () => {
    await call('putBucketVersioning', { ...at, VersioningConfiguration: { Status: 'Enabled' } });
    equal((await call('getBucketVersioning', at)).VersioningConfiguration.Status, 'Enabled');
    await call('putObject', { ...key, Body: 'new' });
    equal((await call('listObjectVersions', { ...at, Prefix: 'a.txt' })).Versions.length, 2);
  };
  const acl = (kind, where) => async () => {
    await call(`put${kind}Acl`, { ...where, ACL: 'public-read' });
    equal((await call(`get${kind}Acl`, where)).ACL, 'public-read');
  };
  return {
    ...platform.scenarios,
    abortUploadTask: async () => {
      await call('multipartInit', { ...at, Key: 'b' });
      await call('abortUploadTask', { ...at, Key: 'b', Level: 'file' });
      equal((await call('multipartList', at)).Upload.length, 0);
    },
    appendObject: async () => {
      await call('appendObject', { ...at, Key: 'log', Position: 0, Body: '1234' });
      equal(await body('log'), '1234');
    },
    deleteBucket: async () => {
      const empty = { ...at, Bucket: SECOND };
      await call('deleteBucket', empty);
      await rejects(call('headBucket', empty));
    },
    deleteBucketCors: cors,
    deleteBucketLifecycle: lifecycle,
    deleteBucketPolicy: policy,
    deleteBucketTagging: bucketTags,
    deleteMultipleObject: async () => {
      equal((await call('deleteMultipleObject', { ...at, Objects: [{ Key: 'a.txt' }] })).Deleted.length, 1);
    },
    deleteObject: async () => {
      await call('deleteObject', key);
      await rejects(call('headObject', key));
    },
    deleteObjectTagging: objectTags,
    getBucket: async () => {
      equal((await call('getBucket', { ...at, Prefix: 'a' })).Contents.map((each) => each.Key), ['a.txt']);
    },
    getBucketAcl: acl('Bucket', at),
    getBucketCors: cors,
    getBucketLifecycle: lifecycle,
    getBucketLocation: async () => {
      equal((await call('getBucketLocation', at)).LocationConstraint, region);
    },
    getBucketPolicy: policy,
    getBucketTagging: bucketTags,
    getBucketVersioning: versions,
    getObject: async () => equal(await body('a.txt'), 'hello'),
    getObjectAcl: acl('Object', key),
    getObjectTagging: objectTags,
    getService: async () => {
      equal((await call('getService', {})).Buckets.map((bucket) => bucket.Name), [BUCKET, SECOND]);
    },
    headBucket: async () => equal((await call('headBucket', at)).statusCode, 200),
    headObject: async () => equal((await call('headObject', key)).headers['x-cos-hash-crc64ecma'].length > 5, true),
    listObjectVersions: versions,
    multipartAbort: async () => {
      const { UploadId } = await call('multipartInit', { ...at, Key: 'b' });
      await call('multipartAbort', { ...at, Key: 'b', UploadId });
      equal((await call('multipartList', at)).Upload.length, 0);
    },
    multipartComplete: multipart,
    multipartInit: multipart,
    multipartList: multipart,
    multipartListPart: multipart,
    multipartUpload: multipart,
    optionsObject: async () => {
      await call('putBucketCors', { ...at, CORSRules: [rule] });
      const headers = { Origin: 'https://a', AccessControlRequestMethod: 'GET', AccessControlRequestHeaders: 'x-cos-meta-a' };
      equal((await call('optionsObject', { ...key, ...headers })).statusCode, 200);
    },
    putBucket: async () => {
      const made = { ...at, Bucket: 'new-1250000000' };
      await call('putBucket', made);
      await call('headBucket', made);
    },
    putBucketAcl: acl('Bucket', at),
    putBucketCors: cors,
    putBucketLifecycle: lifecycle,
    putBucketPolicy: policy,
    putBucketTagging: bucketTags,
    putBucketVersioning: versions,
    putObject: async () => {
      await call('putObject', { ...at, Key: 'b', Body: 'x' });
      equal(await body('b'), 'x');
    },
    putObjectAcl: acl('Object', key),
    putObjectCopy: async () => {
      await call('putObjectCopy', { ...at, Key: 'b', CopySource: source });
      equal(await body('b'), 'hello');
    },
    putObjectTagging: objectTags,
    request: async () => {
      const info = await call('request', { ...at, Method: 'GET', Key: 'film.mp4', Query: { 'ci-process': 'snapshot', time: 1 }, RawBody: true });
      equal(info.headers['content-type'], 'image/jpeg');
    },
    restoreObject: async () => {
      await call('putObject', { ...at, Key: 'cold', Body: 'x', StorageClass: 'ARCHIVE' });
      await call('restoreObject', { ...at, Key: 'cold', RestoreRequest: { Days: 1, CASJobParameters: { Tier: 'Expedited' } } });
      equal(await body('cold'), 'x');
    },
    sliceCopyFile: async () => {
      await call('sliceUploadFile', { ...at, Key: 'large', ...platform.large });
      await call('sliceCopyFile', { ...at, Key: 'copy', CopySource: source.replace('a.txt', 'large'), CopySliceSize: MIB, CopyChunkSize: MIB });
      equal((await call('headObject', { ...at, Key: 'copy' })).headers['content-length'], String(LARGE_BYTES));
    },
    sliceUploadFile: async () => {
      await call('sliceUploadFile', { ...at, Key: 'large', ...platform.large, ChunkSize: MIB });
      equal((await call('headObject', { ...at, Key: 'large' })).headers['content-length'], String(LARGE_BYTES));
    },
    uploadFile: async () => {
      await call('uploadFile', { ...at, Key: 'large', ...platform.large, SliceSize: MIB });
      equal((await call('headObject', { ...at, Key: 'large' })).headers['content-length'], String(LARGE_BYTES));
    },
    uploadFiles: async () => {
      await call('uploadFiles', { files: [{ ...at, Key: 'large', ...platform.large }], SliceSize: MIB });
      equal((await call('headObject', { ...at, Key: 'large' })).headers['content-length'], String(LARGE_BYTES));
    },
    uploadPartCopy: multipart,
  };
}
