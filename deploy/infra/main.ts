// `pulumi up`: the clusters of the demo.
import * as pulumi from '@pulumi/pulumi';
import { createCluster } from './cluster.ts';
import { places, readSettings } from './settings.ts';

const settings = readSettings(new pulumi.Config());
const east = createCluster(places.east, settings);
const west = createCluster(places.west, settings);

export const eastName = east.name;
export const eastNodeGroup = east.nodeGroup;
export const eastKubeconfig = east.kubeconfig;
export const westName = west.name;
export const westNodeGroup = west.nodeGroup;
export const westKubeconfig = west.kubeconfig;
